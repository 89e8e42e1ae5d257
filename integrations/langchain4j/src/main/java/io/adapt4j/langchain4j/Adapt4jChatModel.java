package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.adapt4j.core.generate.CancellationToken;
import java.util.List;
import java.util.Set;

/**
 * A model in this process as a LangChain4j chat model.
 *
 * <p>Temperature, top-p, top-k, stop sequences and the token limit of a request override those of
 * the builder; {@link Adapt4jChatRequestParameters} has more. Unsupported features, such as images
 * for a model that {@link LangChain4jVision} has not added, are refused with an {@code
 * UnsupportedFeatureException}, never ignored.
 *
 * <p>Safe for use by several threads: concurrent requests are computed as one batch.
 */
public final class Adapt4jChatModel implements ChatModel {

  private final ChatModels models;

  private Adapt4jChatModel(ChatModels models) {
    this.models = models;
  }

  /**
   * Creates a builder with no model and default options.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public ChatResponse doChat(ChatRequest request) {
    String name = ChatModels.name(request);
    Replier replier = models.replier(name);
    try {
      Question question = Requests.question(request, models.options());
      replier.check(question);
      return Answers.response(
          replier.reply(question, ReplyListener.NONE, new CancellationToken()), name);
    } catch (RuntimeException e) {
      throw Answers.failure(e);
    }
  }

  @Override
  public ChatRequestParameters defaultRequestParameters() {
    return models.parameters();
  }

  @Override
  public List<ChatModelListener> listeners() {
    return models.listeners();
  }

  @Override
  public Set<Capability> supportedCapabilities() {
    return models.capabilities();
  }

  /** Builder of a chat model. */
  public static final class Builder extends ChatModelBuilder<Builder> {

    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /**
     * Builds the chat model.
     *
     * @return the chat model
     * @throws IllegalStateException if no model was set
     * @throws dev.langchain4j.exception.UnsupportedFeatureException if the default parameters are
     *     not supported
     */
    public Adapt4jChatModel build() {
      return new Adapt4jChatModel(models());
    }
  }
}

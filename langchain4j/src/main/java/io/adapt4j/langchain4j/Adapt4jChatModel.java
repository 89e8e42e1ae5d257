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
 * A model of this process as a chat model of LangChain4j.
 *
 * <p>What a request says of temperature, top-p, top-k, stop sequences and the limit of tokens
 * counts before what the builder was given; {@link Adapt4jChatRequestParameters} says more. What is
 * not supported, such as images, is refused with an {@code UnsupportedFeatureException}, never
 * ignored.
 *
 * <p>Safe for use by several threads: requests that come at the same time are computed as one
 * batch.
 */
public final class Adapt4jChatModel implements ChatModel {

  private final ChatModels models;

  private Adapt4jChatModel(ChatModels models) {
    this.models = models;
  }

  /**
   * Begins with no model and default options.
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

  /** Collects what a chat model is made of. */
  public static final class Builder extends ChatModelBuilder<Builder> {

    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /**
     * Makes the chat model.
     *
     * @return the chat model
     * @throws IllegalStateException if no model was set
     * @throws dev.langchain4j.exception.UnsupportedFeatureException if the default parameters ask
     *     for what is not supported
     */
    public Adapt4jChatModel build() {
      return new Adapt4jChatModel(models());
    }
  }
}

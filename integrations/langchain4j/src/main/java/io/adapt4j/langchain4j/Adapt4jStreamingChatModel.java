package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import io.adapt4j.core.generate.CancellationToken;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A model in this process as a LangChain4j streaming chat model, otherwise as {@link
 * Adapt4jChatModel}. A request returns at once; its answer arrives on a thread of the executor. A
 * request for unsupported features fails on the calling thread.
 *
 * <p>The {@code StreamingHandle} of a piece cancels the answer: nothing follows, and the model
 * continues with other requests at once.
 */
public final class Adapt4jStreamingChatModel implements StreamingChatModel {

  private final ChatModels models;
  private final Executor executor;

  private Adapt4jStreamingChatModel(ChatModels models, Executor executor) {
    this.models = models;
    this.executor = executor;
  }

  /**
   * Creates a builder with no model, default options, and daemon threads created on demand.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
    String name = ChatModels.name(request);
    Replier replier = models.replier(name);
    Question question = question(request);
    replier.check(question);
    CancellationToken cancellation = new CancellationToken();
    HandlerCalls calls = new HandlerCalls(handler, cancellation);
    executor.execute(
        () -> {
          Reply reply;
          try {
            reply = replier.reply(question, calls, cancellation);
          } catch (RuntimeException | Error e) {
            calls.failed(e instanceof RuntimeException failure ? Answers.failure(failure) : e);
            return;
          }
          calls.complete(Answers.response(reply, name));
        });
  }

  private Question question(ChatRequest request) {
    try {
      return Requests.question(request, models.options());
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

  /** Threads for answers, created lazily. */
  private static final class Threads {

    private static final AtomicInteger NUMBER = new AtomicInteger();

    static final Executor ALL =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "adapt4j-langchain4j-" + NUMBER.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });

    private Threads() {}
  }

  /** Builder of a streaming chat model. */
  public static final class Builder extends ChatModelBuilder<Builder> {

    private Executor executor = task -> Threads.ALL.execute(task);

    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /**
     * Sets the executor that generates and delivers answers; each occupies one thread until it
     * ends.
     *
     * @param value the executor, such as {@code Runnable::run} for the calling thread
     */
    public Builder executor(Executor value) {
      executor = Objects.requireNonNull(value, "executor");
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
    public Adapt4jStreamingChatModel build() {
      return new Adapt4jStreamingChatModel(models(), executor);
    }
  }
}

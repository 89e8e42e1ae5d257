package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.listener.ChatModelResponseContext;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.RecordedAnswer;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Records the answers of chat models into a feedback log, under {@code ChatResponse.id()}, so that
 * feedback on that id can be added. Answers with tool calls, without a text or without an id are
 * left out. Needs {@code adapt4j-upkeep}. Immutable.
 *
 * <pre>{@code
 * Adapt4jChatModel.builder().model("support@3", model).listeners(List.of(FeedbackListener.of(log)));
 * ChatResponse answer = chat.chat(request);
 * log.add(Feedback.on(answer.id()).rated(Rating.UP));
 * }</pre>
 *
 * <p>If an answer cannot be recorded, LangChain4j logs a warning and returns the answer.
 */
public final class FeedbackListener implements ChatModelListener {

  private final FeedbackLog log;
  private final UnaryOperator<String> version;
  private final Function<ChatRequest, Optional<String>> customer;
  private final Predicate<ChatRequest> consent;

  private FeedbackListener(
      FeedbackLog log,
      UnaryOperator<String> version,
      Function<ChatRequest, Optional<String>> customer,
      Predicate<ChatRequest> consent) {
    this.log = Objects.requireNonNull(log, "log");
    this.version = Objects.requireNonNull(version, "version");
    this.customer = Objects.requireNonNull(customer, "customer");
    this.consent = Objects.requireNonNull(consent, "consent");
  }

  /**
   * Creates a listener that records a model's name as its version, no customer and no consent.
   *
   * @param log the log
   * @return the listener
   */
  public static FeedbackListener of(FeedbackLog log) {
    return new FeedbackListener(log, name -> name, request -> Optional.empty(), request -> false);
  }

  /**
   * Returns a copy that records other versions, such as {@code support@3} of a registry.
   *
   * @param versions returns the version by the name of the model that answered
   * @return the copy
   */
  public FeedbackListener version(UnaryOperator<String> versions) {
    return new FeedbackListener(log, versions, customer, consent);
  }

  /**
   * Returns a copy that records who asked.
   *
   * @param customers returns the key of the customer or session of a request, if any
   * @return the copy
   */
  public FeedbackListener customer(Function<ChatRequest, Optional<String>> customers) {
    return new FeedbackListener(log, version, customers, consent);
  }

  /**
   * Returns a copy that records consent to training on the content.
   *
   * @param given returns whether the customer agreed
   * @return the copy
   */
  public FeedbackListener consent(Predicate<ChatRequest> given) {
    return new FeedbackListener(log, version, customer, given);
  }

  @Override
  public void onResponse(ChatModelResponseContext context) {
    ChatRequest request = context.chatRequest();
    ChatResponse response = context.chatResponse();
    String text = response.aiMessage().text();
    boolean answers = text != null && !text.isBlank();
    if (response.id() == null || !answers || response.aiMessage().hasToolExecutionRequests()) {
      return;
    }
    if (Requests.hasPictures(request)) {
      return; // rows of training would lack them
    }
    String name = Objects.requireNonNullElse(response.modelName(), request.modelName());
    RecordedAnswer answer =
        RecordedAnswer.of(response.id(), version.apply(name), Requests.messages(request), text)
            .withConsent(consent.test(request));
    log.record(customer.apply(request).map(answer::withCustomer).orElse(answer));
  }
}

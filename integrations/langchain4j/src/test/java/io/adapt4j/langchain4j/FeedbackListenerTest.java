package io.adapt4j.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelResponseContext;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.upkeep.feedback.Feedback;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.FeedbackRows;
import io.adapt4j.upkeep.feedback.FeedbackRules;
import io.adapt4j.upkeep.feedback.Rating;
import io.adapt4j.upkeep.feedback.RecordedAnswer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers of LangChain4j's models are recorded, and feedback on them is taken. */
class FeedbackListenerTest {

  private static final TextGenerator NINE = (messages, options) -> GeneratedText.of("At nine.");

  @TempDir private Path folder;
  private FeedbackLog log;

  @BeforeEach
  void open() {
    log = FeedbackLog.open(folder);
  }

  private ChatResponse ask(FeedbackListener listener, String text) {
    return Adapt4jChatModel.builder()
        .generator("support", NINE)
        .listeners(List.of(listener))
        .build()
        .chat(SystemMessage.from("Be brief."), UserMessage.from(text));
  }

  @Test
  void aRatingOfARecordedAnswerBecomesATrainingRow() {
    ChatResponse answer =
        ask(
            FeedbackListener.of(log)
                .version(name -> name + "@3")
                .customer(request -> Optional.of("ann"))
                .consent(request -> true),
            "When do you open?");
    assertThat(log.add(Feedback.on(answer.id()).rated(Rating.UP).withConsent(true))).isTrue();
    RecordedAnswer stored = log.read().answers().get(0);
    assertThat(stored.version()).isEqualTo("support@3");
    assertThat(stored.customer()).contains(log.customer("ann"));
    assertThat(stored.request())
        .containsExactly(ChatMessage.system("Be brief."), ChatMessage.user("When do you open?"));
    assertThat(FeedbackRules.all().rows(log.judged()).answers()).hasSize(1);
  }

  @Test
  void anAnswerIsCorrectedLaterByWhoeverOpensTheLog() {
    FeedbackListener listener =
        FeedbackListener.of(log).version(name -> name + "@3").consent(request -> true);
    String id = ask(listener, "When do you open?").id();
    FeedbackLog later = FeedbackLog.open(folder);
    assertThat(later.version(id)).contains("support@3");
    later.add(Feedback.on(id).rated(Rating.DOWN).corrected("At ten.").withConsent(true));
    FeedbackRows rows = FeedbackRules.all().rows(log.judged());
    assertThat(rows.answers())
        .singleElement()
        .satisfies(row -> assertThat(row.versions()).containsExactly("support@3"))
        .satisfies(row -> assertThat(row.example().toString()).contains("At ten."));
    assertThat(rows.preferences()).hasSize(1);
  }

  @Test
  void withoutConsentNoTextIsStored() {
    ChatResponse answer = ask(FeedbackListener.of(log), "Secret?");
    assertThat(log.read().answers())
        .singleElement()
        .satisfies(stored -> assertThat(stored.id()).isEqualTo(answer.id()))
        .satisfies(stored -> assertThat(stored.version()).isEqualTo("support"))
        .satisfies(stored -> assertThat(stored.hasContent()).isFalse());
  }

  @Test
  void aStreamedAnswerIsRecordedBeforeItsEndArrives() throws Exception {
    StreamingChatModel model =
        Adapt4jStreamingChatModel.builder()
            .generator(NINE)
            .listeners(List.of(FeedbackListener.of(log)))
            .build();
    CompletableFuture<Boolean> known = new CompletableFuture<>();
    model.chat(
        "When do you open?",
        new StreamingChatResponseHandler() {
          @Override
          public void onPartialResponse(String text) {}

          @Override
          public void onCompleteResponse(ChatResponse response) {
            known.complete(log.version(response.id()).isPresent());
          }

          @Override
          public void onError(Throwable error) {
            known.completeExceptionally(error);
          }
        });
    assertThat(known.get(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void anAnswerIsReturnedEvenIfItCannotBeRecorded() {
    FeedbackListener broken =
        FeedbackListener.of(log)
            .version(
                name -> {
                  throw new IllegalStateException("the registry is gone");
                });
    assertThat(ask(broken, "When?").aiMessage().text()).isEqualTo("At nine.");
    assertThat(log.read().answers()).isEmpty();
  }

  @Test
  void answersWithoutAnIdAreLeftOut() {
    ChatRequest request = ChatRequest.builder().messages(UserMessage.from("Hi")).build();
    ChatResponse response = ChatResponse.builder().aiMessage(AiMessage.from("Hello")).build();
    FeedbackListener.of(log)
        .onResponse(new ChatModelResponseContext(response, request, ModelProvider.OTHER, Map.of()));
    assertThat(log.read().answers()).isEmpty();
  }
}

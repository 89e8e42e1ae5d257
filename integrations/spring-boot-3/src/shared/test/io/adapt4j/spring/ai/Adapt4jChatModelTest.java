package io.adapt4j.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.tool.annotation.Tool;

/**
 * The adapter in the hands of the real Spring AI. A small model renders conversations and reads
 * answers; only their text is a script's, as small models obey too little.
 */
class Adapt4jChatModelTest {

  @AutoClose private static final LanguageModel model = TestModel.load();

  private final Script script = new Script();
  private final Adapt4jChatModel chat = builder().build();

  private Adapt4jChatModel.Builder builder() {
    return Adapt4jChatModel.builder().replier(new ModelReplier(() -> model, any -> script));
  }

  @Test
  void aConversationIsAnswered() {
    ChatResponse response =
        chat.call(
            new Prompt(
                List.of(
                    new SystemMessage("Be short."),
                    new UserMessage("Hi"),
                    new AssistantMessage("Ho"),
                    new UserMessage("Good day"))));
    assertThat(script.asked.get(0))
        .containsExactly(
            ChatMessage.system("Be short."),
            ChatMessage.user("Hi"),
            ChatMessage.assistant("Ho"),
            ChatMessage.user("Good day"));
    assertThat(text(response)).isEqualTo("You said: Good day");
    assertThat(response.getResult().getMetadata().getFinishReason()).isEqualTo("STOP");
    assertThat(response.getMetadata().getModel()).isEqualTo("adapt4j");
    assertThat(response.getMetadata().getUsage().getPromptTokens()).isEqualTo(7);
    assertThat(response.getMetadata().getUsage().getCompletionTokens()).isEqualTo(4);
  }

  private static String text(ChatResponse response) {
    return Objects.requireNonNull(response.getResult().getOutput().getText());
  }

  @Test
  void anAnswerIsStreamedPieceByPiece() {
    List<ChatResponse> pieces =
        Objects.requireNonNull(chat.stream(new Prompt("Good day")).collectList().block());
    assertThat(pieces)
        .extracting(Adapt4jChatModelTest::text)
        .containsExactly("You", " said:", " Good", " day", "");
    ChatResponse last = pieces.get(4);
    assertThat(last.getResult().getMetadata().getFinishReason()).isEqualTo("STOP");
    assertThat(last.getMetadata().getUsage().getTotalTokens()).isEqualTo(11);
  }

  @Test
  void aStreamThatIsCancelledEndsItsAnswer() {
    String word = "word ";
    List<ChatResponse> pieces =
        Objects.requireNonNull(
            chat.stream(new Prompt(word.repeat(5_000))).take(2).collectList().block());
    assertThat(pieces).hasSize(2);
  }

  @Test
  void whatAPromptSaysCountsBeforeTheDefaultsAndThese() {
    Adapt4jChatModel other =
        builder()
            .generationOptions(GenerationOptions.builder().topK(3).maxNewTokens(50).build())
            .defaultOptions(Adapt4jChatOptions.builder().maxTokens(40).temperature(0.5).build())
            .build();
    other.call(
        new Prompt(
            "Hi",
            ChatOptions.builder()
                .temperature(0.1)
                .frequencyPenalty(0.5)
                .presencePenalty(-0.25)
                .build()));
    other.call(
        new Prompt(
            "Hi",
            Adapt4jChatOptions.builder()
                .seed(9L)
                .minP(0.2)
                .repetitionPenalty(1.1)
                .stopSequences(List.of("."))
                .build()));
    GenerationOptions first = script.options.get(0);
    assertThat(first.temperature()).isEqualTo(0.1);
    assertThat(first.frequencyPenalty()).isEqualTo(0.5);
    assertThat(first.presencePenalty()).isEqualTo(-0.25);
    assertThat(first.maxNewTokens()).isEqualTo(40);
    assertThat(first.topK()).isEqualTo(3);
    GenerationOptions second = script.options.get(1);
    assertThat(second.temperature()).isEqualTo(0.5);
    assertThat(second.seed()).isEqualTo(9);
    assertThat(second.minP()).isEqualTo(0.2);
    assertThat(second.repetitionPenalty()).isEqualTo(1.1);
    assertThat(second.stopStrings()).containsExactly(".");
  }

  @Test
  void theLimitOfTokensEndsAnAnswer() {
    ChatResponse response = chat.call(new Prompt("Hi", ChatOptions.builder().maxTokens(2).build()));
    assertThat(text(response)).isEqualTo("You said:");
    assertThat(response.getResult().getMetadata().getFinishReason()).isEqualTo("LENGTH");
  }

  @Test
  void whatIsNotSupportedIsRefused() {
    ChatOptions options = ChatOptions.builder().model("another").build();
    assertThatThrownBy(() -> chat.call(new Prompt("Hi", options)))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("not supported by this model of Adapt4J");
    assertThat(script.asked).isEmpty();
  }

  /** Tools of an application. */
  static final class Weather {

    private final List<String> cities = new ArrayList<>();

    @Tool(name = "weather", description = "The weather in a city.")
    String weather(String city) {
      cities.add(city);
      return "sunny";
    }
  }

  @Test
  void aChatClientRunsToolsAndAnswers() {
    Weather weather = new Weather();
    String answer =
        ChatClient.create(chat).prompt("Weather in Munich?").tools(weather).call().content();
    assertThat(weather.cities).containsExactly("Munich");
    assertThat(answer).isEqualTo("The tool says: \"sunny\"");
    assertThat(script.asked).hasSize(2);
    ChatMessage called = script.asked.get(1).get(1);
    assertThat(called.role()).isEqualTo("assistant");
    assertThat(called.fields().get("tool_calls").toString())
        .contains("name=weather", "city=Munich");
    assertThat(script.asked.get(1).get(2).fields()).containsKey("tool_call_id");
  }

  @Test
  void aChatClientRunsToolsOfAStream() {
    Weather weather = new Weather();
    List<String> pieces =
        ChatClient.create(chat).prompt("Weather in Munich?").tools(weather).stream()
            .content()
            .collectList()
            .block();
    assertThat(weather.cities).containsExactly("Munich");
    assertThat(String.join("", Objects.requireNonNull(pieces)))
        .isEqualTo("The tool says: \"sunny\"");
  }

  @Test
  void answersAreObservedAndCounted() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    List<String> names = new ArrayList<>();
    ObservationRegistry observations = ObservationRegistry.create();
    observations
        .observationConfig()
        .observationHandler(
            new ObservationHandler<>() {
              @Override
              public void onStop(Observation.Context context) {
                names.add(context.getName());
              }

              @Override
              public boolean supportsContext(Observation.Context context) {
                return true;
              }
            });
    Adapt4jChatModel observed =
        builder()
            .name("mine")
            .observationRegistry(observations)
            .meters(ChatMeters.of(meters, "mine"))
            .build();
    observed.call(new Prompt("Hi"));
    observed.stream(new Prompt("Hi")).blockLast();
    assertThat(names).containsExactly("gen_ai.client.operation", "gen_ai.client.operation");
    assertThat(meters.get("adapt4j.chat").tags("model", "mine", "outcome", "stop").timer().count())
        .isEqualTo(2);
    assertThat(meters.get("adapt4j.chat.first.token").timer().count()).isEqualTo(2);
    assertThat(meters.get("adapt4j.chat.tokens").tag("kind", "new").counter().count()).isEqualTo(6);
  }

  @Test
  void theModelItselfIsHeldToASchema() {
    Adapt4jChatModel real =
        Adapt4jChatModel.builder()
            .model(model)
            .defaultOptions(
                Adapt4jChatOptions.builder()
                    .temperature(0.0)
                    .outputSchema(
                        """
                        {"type": "object", "properties": {"color": {"enum": ["red", "green"]}},
                         "required": ["color"], "additionalProperties": false}
                        """)
                    .build())
            .build();
    assertThat(text(real.call(new Prompt("Paint it."))))
        .isIn("{\"color\":\"red\"}", "{\"color\":\"green\"}");
  }

  /** What a color is. */
  enum Color {
    RED,
    GREEN
  }

  /**
   * An entity.
   *
   * @param color its color
   * @param count how many there are
   */
  record Balls(Color color, long count) {}

  @Test
  void anEntityIsHeldToItsSchemaWithoutFurtherSettings() {
    Adapt4jChatModel real =
        Adapt4jChatModel.builder()
            .model(model)
            .generationOptions(
                GenerationOptions.builder()
                    .temperature(0)
                    .maxNewTokens(60)
                    .ignoreContextLength(true)
                    .build())
            .build();
    Balls balls = ChatClient.create(real).prompt("Paint some balls.").call().entity(Balls.class);
    assertThat(Objects.requireNonNull(balls).color()).isIn(Color.RED, Color.GREEN);
  }

  @Test
  void theModelItselfAnswersTheSameInPieces() {
    Adapt4jChatModel real =
        Adapt4jChatModel.builder()
            .model(model)
            .generationOptions(GenerationOptions.builder().temperature(0).maxNewTokens(12).build())
            .build();
    String whole = text(real.call(new Prompt("Once upon a time")));
    StringBuilder pieces = new StringBuilder();
    real.stream(new Prompt("Once upon a time"))
        .toIterable()
        .forEach(piece -> pieces.append(text(piece)));
    assertThat(whole).isNotBlank();
    assertThat(pieces.toString()).isEqualTo(whole);
  }
}

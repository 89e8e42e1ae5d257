package io.adapt4j.langchain4j;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.service.AiServices;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A small model itself, which says little but is held to what was asked for. */
class SmallModelTest {

  private static final GenerationOptions OPTIONS =
      GenerationOptions.builder().temperature(0).maxNewTokens(150).build();

  /** As short as can be, since the model reads 512 tokens. */
  private static final ChatTemplate TEMPLATE =
      ChatTemplate.of(
          """
          {% if tools %}{% for tool in tools %}{{ tool.function.name }} {% endfor %}{% endif %}\
          {% for message in messages %}{{ message.content }}{% if message.tool_calls %}\
          {% for call in message.tool_calls %}<tool_call>
          {{ call.function | tojson }}
          </tool_call>{% endfor %}{% endif %}
          {% endfor %}""",
          Map.of());

  @AutoClose private static LanguageModel model;

  @BeforeAll
  static void load() {
    model = TestModel.load();
    model.useAnyChatTemplate(TEMPLATE);
  }

  /** What a service returns. */
  enum Color {
    RED,
    GREEN
  }

  /** What a service returns. */
  record Paint(Color color, boolean dry) {}

  /** A service. */
  interface Painter {
    Paint paint(String wish);
  }

  @Test
  void anAiServiceReturnsARecord() {
    Painter painter = AiServices.create(Painter.class, LangChain4j.chatModel(model, OPTIONS));
    assertThat(painter.paint("Paint it.").color()).isIn(Color.RED, Color.GREEN);
  }

  @Test
  void aCallThatIsRequiredIsMadeWithArgumentsOfItsSchema() {
    ToolSpecification mix =
        ToolSpecification.builder()
            .name("mix")
            .parameters(
                JsonObjectSchema.builder()
                    .addEnumProperty("color", List.of("red", "green"))
                    .required("color")
                    .additionalProperties(false)
                    .build())
            .build();
    ChatResponse answer =
        LangChain4j.chatModel(model, OPTIONS)
            .chat(
                ChatRequest.builder()
                    .messages(UserMessage.from("Mix a color."))
                    .toolSpecifications(mix)
                    .toolChoice(ToolChoice.REQUIRED)
                    .build());
    ToolExecutionRequest call = answer.aiMessage().toolExecutionRequests().get(0);
    assertThat(call.name()).isEqualTo("mix");
    assertThat(call.arguments().replace(" ", ""))
        .isIn("{\"color\":\"red\"}", "{\"color\":\"green\"}");
  }

  @Test
  void aSchemaThatCannotBeEnsuredIsRefusedByName() {
    ChatModel chat = LangChain4j.chatModel(model, OPTIONS);
    ChatRequest request =
        ChatRequest.builder()
            .messages(UserMessage.from("Hi"))
            .responseFormat(
                ResponseFormat.builder()
                    .type(ResponseFormatType.JSON)
                    .jsonSchema(
                        JsonSchema.builder()
                            .name("odd")
                            .rootElement(
                                JsonRawSchema.from(
                                    "{\"type\": \"object\", \"unevaluatedItems\": false}"))
                            .build())
                    .build())
            .build();
    refuses(UnsupportedFeatureException.class, () -> chat.chat(request), "unevaluatedItems");
  }

  @Test
  void anAnswerInPiecesIsTheAnswer() throws Exception {
    String whole = LangChain4j.chatModel(model, OPTIONS).chat("Once upon a time");
    StringBuilder pieces = new StringBuilder();
    CompletableFuture<ChatResponse> end = new CompletableFuture<>();
    LangChain4j.streamingChatModel(model, OPTIONS)
        .chat(
            "Once upon a time",
            new StreamingChatResponseHandler() {
              @Override
              public void onPartialResponse(String piece) {
                pieces.append(piece);
              }

              @Override
              public void onCompleteResponse(ChatResponse response) {
                end.complete(response);
              }

              @Override
              public void onError(Throwable error) {
                end.completeExceptionally(error);
              }
            });
    assertThat(end.get(1, TimeUnit.MINUTES).aiMessage().text()).isEqualTo(whole);
    assertThat(pieces.toString()).isEqualTo(whole).isNotBlank();
  }

  @Test
  void aModelWithoutAChatTemplateContinuesTextsAndRefusesTools() {
    Path folder = Path.of("../../examples/models/stories260K");
    try (LanguageModel plain = LanguageModel.load(ModelSource.path(folder))) {
      ChatModel chat = LangChain4j.chatModel(plain, OPTIONS);
      assertThat(chat.chat("Once upon a time")).contains("there was");
      ChatRequest tools =
          ChatRequest.builder()
              .messages(UserMessage.from("Hi"))
              .toolSpecifications(ToolSpecification.builder().name("clock").build())
              .build();
      refuses(UnsupportedFeatureException.class, () -> chat.chat(tools), "tools");
    }
  }
}

package io.adapt4j.langchain4j;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.vision.Picture;
import io.adapt4j.vision.VisionLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Pictures in messages of LangChain4j are read as the model itself reads them. */
class LangChain4jVisionTest {

  private static final Path FOLDER = Path.of("../../vision/src/test/resources/models/idefics3");
  private static final Path PHOTO = FOLDER.resolve("images/photo_37x53.png");
  private static final Path PAGE = FOLDER.resolve("images/page_170x90.png");
  private static final GenerationOptions OPTIONS =
      GenerationOptions.greedy().toBuilder().maxNewTokens(12).build();
  private static final Map<String, String> IMAGE = Map.of("type", "image");

  @AutoClose private static VisionLanguageModel model;

  @BeforeAll
  static void load() {
    model =
        VisionLanguageModel.load(ModelSource.path(FOLDER), WeightFormat.asStored(), Precision.FP32);
  }

  private static ImageContent image(Path file) throws IOException {
    return ImageContent.from(
        Base64.getEncoder().encodeToString(Files.readAllBytes(file)), "image/png");
  }

  private static ChatMessage asking(Object... parts) {
    return ChatMessage.of(Map.of("role", "user", "content", List.of(parts)));
  }

  private static Map<String, String> text(String text) {
    return Map.of("type", "text", "text", text);
  }

  @Test
  void picturesOfSeveralTurnsAreRead() throws Exception {
    Generation expected =
        model.chat(
            List.of(
                ChatMessage.system("Be brief."),
                asking(text("One"), IMAGE, text("and two"), IMAGE),
                ChatMessage.assistant("Yes."),
                ChatMessage.user("Which is larger?")),
            List.of(Picture.read(PHOTO), Picture.read(PAGE)),
            OPTIONS,
            piece -> {});
    List<dev.langchain4j.data.message.ChatMessage> messages =
        List.of(
            SystemMessage.from("Be brief."),
            UserMessage.from(
                TextContent.from("One"), image(PHOTO), TextContent.from("and two"), image(PAGE)),
            AiMessage.from("Yes."),
            UserMessage.from("Which is larger?"));
    ChatResponse answer = LangChain4jVision.chatModel(model, OPTIONS).chat(messages);
    assertThat(answer.aiMessage().text()).isEqualTo(expected.text()).isNotBlank();
    assertThat(answer.tokenUsage().inputTokenCount()).isEqualTo(expected.promptTokens());
    CompletableFuture<ChatResponse> streamed = new CompletableFuture<>();
    LangChain4jVision.streamingChatModel(model, OPTIONS)
        .chat(
            messages,
            new StreamingChatResponseHandler() {
              @Override
              public void onCompleteResponse(ChatResponse response) {
                streamed.complete(response);
              }

              @Override
              public void onError(Throwable error) {
                streamed.completeExceptionally(error);
              }
            });
    assertThat(streamed.get(60, TimeUnit.SECONDS).aiMessage().text()).isEqualTo(expected.text());
  }

  @Test
  void whatIsNoPictureIsRefused() {
    ChatModel chat = LangChain4jVision.chatModel(model, OPTIONS);
    refuses(
        UnsupportedFeatureException.class,
        () -> chat.chat(UserMessage.from(ImageContent.from("http://localhost/a.png"))),
        "images by URL");
    refuses(
        InvalidRequestException.class,
        () -> chat.chat(UserMessage.from(ImageContent.from("a-b!", "image/png"))),
        "image 1: expected base64");
    refuses(
        InvalidRequestException.class,
        () -> chat.chat(UserMessage.from(ImageContent.from("AAAA", "image/png"))),
        "image 1: ");
  }

  @Test
  void aModelOfTextsRefusesPictures() throws Exception {
    ImageContent photo = image(PHOTO);
    ChatModel chat = LangChain4j.chatModel(model.languageModel(), OPTIONS);
    refuses(
        UnsupportedFeatureException.class,
        () -> chat.chat(UserMessage.from(photo)),
        "image contents");
  }
}

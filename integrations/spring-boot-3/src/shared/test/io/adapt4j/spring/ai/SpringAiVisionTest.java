package io.adapt4j.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.vision.Picture;
import io.adapt4j.vision.VisionLanguageModel;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.FileSystemResource;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;

/** Pictures in Spring AI's messages are read as the model itself reads them. */
class SpringAiVisionTest {

  private static final Path FOLDER = Path.of("../../vision/src/test/resources/models/idefics3");
  private static final Path PHOTO = FOLDER.resolve("images/photo_37x53.png");
  private static final GenerationOptions OPTIONS =
      GenerationOptions.greedy().toBuilder().maxNewTokens(12).build();

  private static VisionLanguageModel model;
  private static Adapt4jChatModel chat;

  @BeforeAll
  static void load() {
    model =
        VisionLanguageModel.load(ModelSource.path(FOLDER), WeightFormat.asStored(), Precision.FP32);
    chat = SpringAiVision.add(Adapt4jChatModel.builder(), model).generationOptions(OPTIONS).build();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static Prompt asking(Media... media) {
    return new Prompt(UserMessage.builder().text("What is it?").media(media).build());
  }

  private static Media photo() {
    return new Media(MimeTypeUtils.IMAGE_PNG, new FileSystemResource(PHOTO));
  }

  private static String text(ChatResponse response) {
    return Objects.requireNonNull(
        Objects.requireNonNull(response.getResult()).getOutput().getText());
  }

  private static String expected() {
    return model.chat(
        List.of(
            ChatMessage.of(
                Map.of(
                    "role",
                    "user",
                    "content",
                    List.of(
                        Map.of("type", "image"), Map.of("type", "text", "text", "What is it?"))))),
        List.of(Picture.read(PHOTO)),
        OPTIONS);
  }

  @Test
  void aPictureIsReadAsTheModelReadsIt() {
    assertThat(text(chat.call(asking(photo())))).isEqualTo(expected());
  }

  @Test
  void streamsReadPicturesToo() {
    List<ChatResponse> pieces =
        Objects.requireNonNull(chat.stream(asking(photo())).collectList().block());
    assertThat(pieces.stream().map(SpringAiVisionTest::text).collect(Collectors.joining()))
        .isEqualTo(expected());
  }

  @Test
  void whatIsNoPictureIsRefused() {
    Media sound = new Media(MimeType.valueOf("audio/wav"), new ByteArrayResource(new byte[4]));
    assertThatThrownBy(() -> chat.call(asking(sound)))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessage(
            "messages[0] (user): media[0]: expected a picture, found audio/wav. Remove it.");
    Media elsewhere = new Media(MimeTypeUtils.IMAGE_PNG, URI.create("http://example.com/a.png"));
    assertThatThrownBy(() -> chat.call(asking(elsewhere)))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageStartingWith(
            "messages[0] (user): media[0]: expected the bytes of a picture, found a URL.");
    AssistantMessage drawn =
        AssistantMessage.builder().content("Look:").media(List.of(photo())).build();
    assertThatThrownBy(() -> chat.call(new Prompt(new UserMessage("Draw!"), drawn)))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageStartingWith("messages[1] (assistant): found media. Move pictures to a user");
    Media damaged = new Media(MimeTypeUtils.IMAGE_PNG, new ByteArrayResource(new byte[] {1, 2}));
    assertThatThrownBy(() -> chat.call(asking(photo(), damaged)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("messages[0] (user): media[1]: ");
  }

  @Test
  void modelsAndGeneratorsOfTextsRefusePictures() {
    for (Adapt4jChatModel texts :
        List.of(
            Adapt4jChatModel.builder().model(model.languageModel()).build(),
            Adapt4jChatModel.builder().generator(model.languageModel().asGenerator()).build())) {
      Prompt asked = new Prompt(new SystemMessage("Be brief."), asking(photo()).getUserMessage());
      assertThatThrownBy(() -> texts.call(asked))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessage(
              "messages[1] (user): media[0]: found a picture, which this model does not read. Use a"
                  + " model with an image tower and a chat template by SpringAiVision"
                  + " (io.adapt4j:adapt4j-vision), or remove it.");
    }
  }
}

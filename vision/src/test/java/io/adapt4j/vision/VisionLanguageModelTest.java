package io.adapt4j.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.ModelPrompts;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.PromptTooLongException;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.vision.internal.prompt.ContentParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations about pictures, as users have them. */
class VisionLanguageModelTest {

  private static final Path FOLDER = Path.of("src", "test", "resources", "models", "idefics3");
  private static final String CONVERSATIONS = "conversations.json";

  private final long before = Tensor.live();
  private VisionLanguageModel model;

  @BeforeEach
  void load() {
    model = load(FOLDER);
  }

  private static VisionLanguageModel load(Path folder) {
    return VisionLanguageModel.load(
        ModelSource.path(folder), WeightFormat.asStored(), Precision.FP32);
  }

  @AfterEach
  void closingFreesEverything() {
    model.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static PictureCase named(String name) throws IOException {
    return PictureCase.all(FOLDER, CONVERSATIONS).stream()
        .filter(found -> found.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void answersAreThoseOfTransformersWithAndWithoutKeptPictures() throws IOException {
    for (PictureCase found : PictureCase.all(FOLDER, CONVERSATIONS)) {
      found.check(model, found.generated());
    }
    model.limitPictures(0);
    for (PictureCase found : PictureCase.all(FOLDER, CONVERSATIONS)) {
      found.check(model, found.generated());
    }
  }

  @Test
  void anotherQuestionAboutAPictureReadsTheQuestionOnly() throws IOException {
    JsonNode row = named("one").json().get("rows").get(0);
    List<Picture> picture = named("one").pictures(row);
    ask(picture, "What is it?");
    Generation second = ask(picture, "Which color has it?");
    List<Picture> other = named("batch").pictures(named("batch").json().get("rows").get(0));
    Generation third = ask(other, "Which color has it?");
    assertThat(second.promptTokens() - second.cachedTokens()).isLessThan(40);
    assertThat(third.cachedTokens()).isLessThan(20);
  }

  private Generation ask(List<Picture> pictures, String question) {
    return model.chat(List.of(asking(question)), pictures, PictureCase.SIXTEEN, text -> {});
  }

  private static ChatMessage asking(String question) {
    return ChatMessage.of(
        Map.of(
            "role",
            "user",
            "content",
            List.of(Map.of("type", "image"), Map.of("type", "text", "text", question))));
  }

  @Test
  void textsAreAnsweredAsByTheLanguageModelOfTheFolder() throws IOException {
    List<ChatMessage> messages = PictureCase.messages(named("text").json().get("rows").get(0));
    try (LanguageModel alone = LanguageModel.load(ModelSource.path(FOLDER), Precision.FP32)) {
      String expected = alone.chat(messages, PictureCase.SIXTEEN);
      assertThat(model.languageModel().chat(messages, PictureCase.SIXTEEN)).isEqualTo(expected);
      assertThat(model.chat(messages, List.of(), PictureCase.SIXTEEN)).isEqualTo(expected);
    }
  }

  @Test
  void picturesAndTheirPartsMustBeEqualInNumber() {
    Picture picture = Picture.ofRgb(2, 2, new byte[12]);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ask(List.of(picture, picture), "What?"))
        .withMessageContaining("1 content parts")
        .withMessageContaining("found 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ask(List.of(picture), "What is <image>?"));
  }

  @Test
  void filesAreReadAsPicturesAndNamedInErrors() throws IOException {
    byte[] photo = Files.readAllBytes(FOLDER.resolve("images/photo_37x53.png"));
    assertThat(askFiles(Map.of("a.png", photo)).tokenIds())
        .isEqualTo(ask(List.of(Picture.of(photo)), "What is it?").tokenIds());
    byte[] damaged = Arrays.copyOf(photo, 40);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> askFiles(Map.of("b.png", damaged)))
        .withMessageStartingWith("b.png: ");
  }

  private Generation askFiles(Map<String, byte[]> files) {
    return model.chat(
        List.of(asking("What is it?")),
        files,
        ChatOptions.defaults(),
        PictureCase.SIXTEEN,
        text -> {},
        new CancellationToken());
  }

  @Test
  void aCancelledRequestAndOneThatIsTooLongReadNoPicture() {
    Picture picture = Picture.ofRgb(2, 2, new byte[12]);
    CancellationToken cancelled = new CancellationToken();
    cancelled.cancel();
    Generation none =
        model.chat(
            List.of(asking("What?")),
            List.of(picture),
            ChatOptions.defaults(),
            PictureCase.SIXTEEN,
            text -> {},
            cancelled);
    assertThat(none.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThatThrownBy(() -> ask(List.of(picture), "What? ".repeat(1000)))
        .isInstanceOf(PromptTooLongException.class);
  }

  @Test
  void aPreparedPromptIsAnsweredAsOftenAsWished() throws IOException {
    List<Picture> picture = named("one").pictures(named("one").json().get("rows").get(0));
    List<Integer> expected = ask(picture, "What is it?").tokenIds();
    CancellationToken never = new CancellationToken();
    try (VisionLanguageModel.Prompt prompt =
        model.prompt(
            List.of(asking("What is it?")),
            picture,
            ChatOptions.defaults(),
            PictureCase.SIXTEEN,
            never)) {
      ModelPrompts.Prepared read = prompt.prepared();
      for (int turn = 0; turn < 2; turn++) {
        assertThat(
                model
                    .languageModel()
                    .generate(read.tokenIds(), read.options(), text -> {}, never)
                    .tokenIds())
            .isEqualTo(expected);
      }
    }
  }

  @Test
  void textsReachATemplateThatReadsPartsAlone() {
    String partsAlone =
        "{% for m in messages %}{% for p in m['content'] %}{{ p['text'] }}{% endfor %}{% endfor %}";
    List<ChatMessage> text = List.of(ChatMessage.user("What?"));
    List<ChatMessage> parts =
        List.of(
            ChatMessage.of(
                Map.of(
                    "role", "user", "content", List.of(Map.of("type", "text", "text", "What?")))));
    assertThat(ContentParts.fit(ChatTemplate.of(partsAlone, Map.of()), text)).isEqualTo(parts);
    assertThat(ContentParts.fit(ChatTemplate.of("{{ messages[0]['content'] }}", Map.of()), text))
        .isSameAs(text);
  }

  @Test
  void anUnknownPictureOptionIsNamed() {
    assertThatThrownBy(() -> model.usePictureOptions(Map.of("do_image_spliting", true)))
        .hasMessageContaining("do_image_spliting");
  }

  @Test
  void aFolderWithoutAProcessorIsRefused(@TempDir Path folder) throws IOException {
    for (String file : List.of("config.json", "tokenizer.json", "model.safetensors")) {
      Files.copy(FOLDER.resolve(file), folder.resolve(file));
    }
    assertThat(VisionLanguageModel.reads(ModelSource.path(FOLDER))).isTrue();
    assertThat(VisionLanguageModel.reads(ModelSource.path(folder))).isFalse();
    assertThat(VisionLanguageModel.reads(ModelSource.path(FOLDER.resolveSibling("siglip"))))
        .isFalse();
    assertThatThrownBy(() -> load(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("preprocessor_config.json");
  }

  @Test
  void aClosedModelSaysSo() {
    model.close();
    Picture picture = Picture.ofRgb(2, 2, new byte[12]);
    assertThatIllegalStateException()
        .isThrownBy(() -> ask(List.of(picture), "What?"))
        .withMessageContaining("closed");
  }
}

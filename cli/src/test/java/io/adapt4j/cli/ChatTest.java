package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.vision.Picture;
import io.adapt4j.vision.VisionLanguageModel;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations on the command line. */
class ChatTest {

  static final Path VISION = Path.of("../vision/src/test/resources/models/idefics3");
  private static final Path PHOTO = VISION.resolve("images/photo_37x53.png");
  private static final Path PAGE = VISION.resolve("images/page_170x90.png");

  @TempDir private Path folder;

  private static CommandsTest.Result chat(String input) {
    return chat(
        input, CommandsTest.MODEL.toString(), "--chat-template", "chatml", "--system", "Be brief.");
  }

  private static CommandsTest.Result chat(String input, String... arguments) {
    List<Object> command = new ArrayList<>(List.of("chat"));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--max-new-tokens", "12"));
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
    try {
      return CommandsTest.execute(command.toArray());
    } finally {
      System.setIn(before);
    }
  }

  /** The answers of the model in this process to one message after the other. */
  private static String answers(String... messages) {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(CommandsTest.MODEL))) {
      model.useChatTemplate(ChatTemplate.named("chatml"));
      List<ChatMessage> told = new ArrayList<>(List.of(ChatMessage.system("Be brief.")));
      StringBuilder answers = new StringBuilder();
      for (String message : messages) {
        told.add(ChatMessage.user(message));
        String answer =
            model.chat(told, GenerationOptions.greedy().toBuilder().maxNewTokens(12).build());
        told.add(ChatMessage.assistant(answer));
        answers.append(answer).append(System.lineSeparator());
      }
      return answers.toString();
    }
  }

  @Test
  void everyMessageIsAnsweredWithThoseBefore() {
    CommandsTest.Result result = chat("Hello\n\nWho is Lily?\n/exit\nnever read\n");
    assertThat(result.code()).isEqualTo(ExitCode.OK);
    assertThat(result.out()).isEqualTo(answers("Hello", "Who is Lily?"));
  }

  @Test
  void aConversationCanBeginAnew() {
    assertThat(chat("Hello\n/clear\nHello\n").out()).isEqualTo(answers("Hello").repeat(2));
    assertThat(chat("/system Be long.\nHello\n/system Be brief.\nHello\n").out())
        .endsWith(answers("Hello"));
  }

  private static ChatMessage looking(String text) {
    return ChatMessage.of(
        Map.of(
            "role",
            "user",
            "content",
            List.of(Map.of("type", "image"), Map.of("type", "text", "text", text))));
  }

  @Test
  void picturesAreShownWithMessages() throws Exception {
    Path saved = folder.resolve("saved.jsonl");
    CommandsTest.Result result =
        chat(
            "What is it?\n/image none.png\n/image " + PAGE + "\nAnd this?\n/save " + saved + "\n",
            VISION.toString(),
            "--image",
            PHOTO.toString());
    GenerationOptions options = GenerationOptions.greedy().toBuilder().maxNewTokens(12).build();
    try (VisionLanguageModel model = VisionLanguageModel.load(ModelSource.path(VISION))) {
      Picture photo = Picture.read(PHOTO);
      List<ChatMessage> told = new ArrayList<>(List.of(looking("What is it?")));
      String first = model.chat(told, List.of(photo), options);
      told.addAll(List.of(ChatMessage.assistant(first), looking("And this?")));
      String second = model.chat(told, List.of(photo, Picture.read(PAGE)), options);
      assertThat(result.out())
          .isEqualTo(first + System.lineSeparator() + second + System.lineSeparator());
    }
    assertThat(result.err()).contains("/image: none.png: no such file");
    assertThat(Datasets.jsonl(saved).get(0).toString()).contains("photo_37x53", "page_170x90");
  }

  @Test
  void aModelOfTextsTakesNoPictures() {
    CommandsTest.Result result =
        chat("Hi\n", CommandsTest.MODEL.toString(), "--image", PHOTO.toString());
    assertThat(result.code()).isNotEqualTo(ExitCode.OK);
    assertThat(result.err()).contains("--image: the model reads no pictures");
  }

  @Test
  void aConversationIsSavedAsTrainingData() throws Exception {
    Path saved = folder.resolve("saved.jsonl");
    CommandsTest.Result result =
        chat("Hello\n/save " + saved + "\nWho is Lily?\n/save " + saved + "\n");
    assertThat(result.err()).contains("Saved 3 messages", "Saved 5 messages");
    assertThat(Files.readAllLines(saved)).hasSize(2);
    Dataset rows = Datasets.jsonl(saved);
    assertThat(rows.size()).isEqualTo(2);
    assertThat(rows.get(0).toString()).contains("Be brief.", "Hello");
  }

  @Test
  void whatCannotBeDoneIsSaidAndTheConversationGoesOn() {
    CommandsTest.Result result =
        chat("/adapter none\n/nothing\n/save\n" + "Tell a tale. ".repeat(400) + "\nHello\n");
    assertThat(result.err())
        .contains(
            "found [none]", "There is no /nothing", "/save: expected a file", "context of 512");
    assertThat(result.out()).isEqualTo(answers("Hello"));
  }
}

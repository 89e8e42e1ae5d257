package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations on the command line. */
class ChatTest {

  @TempDir private Path folder;

  private static CommandsTest.Result chat(String input) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
    try {
      return CommandsTest.execute(
          "chat",
          CommandsTest.MODEL,
          "--chat-template",
          "chatml",
          "--max-new-tokens",
          "12",
          "--system",
          "Be brief.");
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

package io.adapt4j.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetWriterTest {

  @TempDir private Path folder;

  @Test
  void rowsOfEveryKindAreReadBackAsTheyWere() {
    ChatMessage call =
        ChatMessage.assistant("")
            .with(
                "tool_calls",
                List.of(Map.of("function", Map.of("name", "f", "arguments", Map.of("n", 3L)))));
    List<ChatMessage> talk =
        List.of(ChatMessage.system("s"), ChatMessage.user("u\n\"'\\"), call, ChatMessage.tool("1"));
    assertReadBack(new Example.Text("Grüße 🐦"), new Example.Text(" line\r\nline\t\u2028\u0000"));
    assertReadBack(
        new Example.PromptCompletion("", " a"), new Example.PromptCompletion("q\n", "a"));
    assertReadBack(
        new Example.Classified("a", "x"),
        new Example.Classified("b", List.of("x", "y")),
        new Example.Classified("c", List.of()));
    assertReadBack(
        new Example.Chat(talk, List.of(Map.of("type", "function", "n", 1L))),
        new Example.Chat(List.of(ChatMessage.user("u"), ChatMessage.assistant("a"))));
    assertReadBack(
        new Example.ChatPrompt(talk, List.of(Map.of("type", "function"))),
        new Example.ChatPrompt(List.of(ChatMessage.user("u"))));
    assertReadBack(new Example.Preference("p", "c", "r"), new Example.Preference("", "c2", "r2"));
    assertReadBack(
        new Example.UnpairedPreference("p", "c", true),
        new Example.UnpairedPreference("", "d", false));
    assertReadBack(
        new Example.ChatUnpairedPreference(
            List.of(ChatMessage.user("u")), List.of(ChatMessage.assistant("c")), false));
    assertReadBack(
        new Example.ChatPreference(
            List.of(ChatMessage.user("u")),
            List.of(ChatMessage.assistant("c")),
            List.of(ChatMessage.assistant("r"))));
  }

  private void assertReadBack(Example... rows) {
    Path file = folder.resolve("rows.jsonl");
    Datasets.write(Datasets.of(List.of(rows)), file);
    assertThat(rows(Datasets.read(file).open())).containsExactly(rows);
  }

  @Test
  void textsPairsAndMessagesMayBeMixed() {
    Path file = folder.resolve("rows.jsonl");
    List<Example> rows =
        List.of(
            new Example.Text("t"),
            new Example.PromptCompletion("p", "c"),
            new Example.Chat(List.of(ChatMessage.assistant("a"))));
    Datasets.write(Datasets.of(rows), file);
    assertThat(rows(Datasets.jsonl(file))).isEqualTo(rows);
  }

  @Test
  void rowsThatOneFileCouldNotGiveBackAreRefusedAndTheOldFileStays() throws IOException {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, "old");
    Dataset mixed = Datasets.of(List.of(new Example.Text("t"), new Example.Classified("t", "x")));
    assertThatThrownBy(() -> Datasets.write(mixed, file))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("examples row 1")
        .hasMessageContaining("Write a file for each");
    assertThatThrownBy(() -> Datasets.write(Datasets.of(List.of(new Example.Text("\ud83d"))), file))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("unpaired surrogate");
    assertThat(file).hasContent("old");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void fieldsBesideTheExampleAreKeptWhereAsked() throws IOException {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(
        file,
        """
        {"prompt": "p", "completion": "c", "id": 7, "tags": ["a", "b"], "other": 1}
        {"prompt": "q", "completion": "d", "id": 8, "tags": []}
        """);
    Path copy = folder.resolve("copy.jsonl");
    Datasets.write(Datasets.read(file).open(), copy, "id", "tags");
    assertThat(copy)
        .hasContent(
            """
            {"prompt":"p","completion":"c","id":7,"tags":["a","b"]}
            {"prompt":"q","completion":"d","id":8,"tags":[]}
            """);
    assertThatThrownBy(() -> Datasets.write(Datasets.read(file).open(), copy, "prompt"))
        .hasMessageContaining("field 'prompt' is one of the row itself");
    assertThatThrownBy(() -> Datasets.write(Datasets.read(file).open(), copy, "other"))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("expected field 'other'");
  }

  private static List<Example> rows(Dataset dataset) {
    return IntStream.range(0, dataset.size()).<Example>mapToObj(dataset::get).toList();
  }
}

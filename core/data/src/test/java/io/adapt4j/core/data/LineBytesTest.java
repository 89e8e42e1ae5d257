package io.adapt4j.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of JSON Lines whose line lengths are known. */
class LineBytesTest {

  @TempDir Path folder;

  private Path write(String... lines) throws IOException {
    return Files.writeString(folder.resolve("rows.jsonl"), String.join("\n", lines) + "\n");
  }

  private static int[] bytes(String... lines) {
    return List.of(lines).stream()
        .mapToInt(line -> line.getBytes(StandardCharsets.UTF_8).length + 1)
        .toArray();
  }

  @Test
  void rowsAreThoseOfAFileThatWasReadThrough() throws IOException {
    String[] lines = {"{\"text\": \"Ä cat\"}", "{\"text\": \"sat\"}"};
    Path file = write(lines);
    FileDataset expected = Datasets.read(file).open();
    FileDataset found = Datasets.read(file).lineBytes(bytes(lines)).open();
    assertThat(found.size()).isEqualTo(2);
    assertThat(found.get(1)).isEqualTo(expected.get(1));
    assertThat(found.get(0)).isEqualTo(expected.get(0));
    assertThat(found.shape()).isEqualTo(expected.shape());
    assertThat(found.origin().description()).isEqualTo(expected.origin().description());
    assertThat(found.locate(1)).endsWith("line 2");
  }

  @Test
  void aMalformedRowIsNamedWhenItIsRead() throws IOException {
    String[] lines = {"{\"text\": \"a\"}", "{\"text\": 7}"};
    Dataset rows = Datasets.read(write(lines)).lineBytes(bytes(lines)).open();
    assertThatThrownBy(() -> rows.get(1))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("line 2")
        .hasMessageContaining("text")
        .hasMessageNotContaining("changed");
  }

  @Test
  void lengthsOfAnotherFileAreRefused() throws IOException {
    Path file = write("{\"text\": \"a\"}", "{\"text\": \"b\"}");
    assertThatThrownBy(() -> Datasets.read(file).lineBytes(14).open())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("expected lines of 14 bytes together, found a file of 28");
  }
}

package io.adapt4j.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonlDatasetTest {

  @TempDir Path folder;

  @Test
  void readsBothShapesOfRowsInAnyOrder() throws IOException {
    Dataset rows = open("{\"text\":\"one\",\"id\":7}\n{\"completion\":\"yes\",\"prompt\":\"\"}\n");
    assertThat(rows.size()).isEqualTo(2);
    assertThat(rows.get(1)).isEqualTo(new Example.PromptCompletion("", "yes"));
    assertThat(rows.get(0)).isEqualTo(new Example.Text("one"));
    assertThatThrownBy(() -> rows.get(2)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void acceptsByteOrderMarkCarriageReturnsBlankLinesAndNoFinalLineFeed() throws IOException {
    Dataset rows =
        open(
            "\uFEFF{\"text\":\"\u00E9\uD83D\uDE00\"}\r\n\r\n  \n{\"text\":\"b\\u0000\"}\r\n\n{\"text\":\"c\"}");
    assertThat(rows.size()).isEqualTo(3);
    assertThat(rows.get(0)).isEqualTo(new Example.Text("\u00E9\uD83D\uDE00"));
    assertThat(rows.get(1)).isEqualTo(new Example.Text("b\0"));
    assertThat(rows.get(2)).isEqualTo(new Example.Text("c"));
    assertThat(rows.locate(1)).endsWith("rows.jsonl line 4");
    assertThat(rows.subset(2, 1).locate(0)).endsWith("rows.jsonl line 6");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'text':5}|field 'text': expected a text, found 5",
        "{'text':''}|field 'text': expected a text to learn, found an empty one",
        "{'prompt':'p'}|field 'completion': expected a text, found nothing",
        "{'completion':'c'}|field 'prompt': expected a text, found nothing",
        "{'prompt':'p','completion':''}|field 'completion': expected a text to learn",
        "{'text':'t','prompt':'p'}|field 'text': expected it alone",
        "{'txt':'t'}|expected field 'text', or 'prompt' and 'completion', found [txt]",
        "{'text':'t'|not valid JSON",
        "{'text':'t'} {}|not valid JSON",
        "{'text':'t','text':'u'}|not valid JSON: Duplicate",
        "[{'text':'t'}]|expected a JSON object, found an array",
        "'text'|expected a JSON object, found \"text\"",
        "{'text':'a\\ud800'}|unpaired surrogate U+D800 at character 1",
      })
  void saysLineFieldFindingAndRemedy(String row, String problem) {
    assertThatThrownBy(() -> open("{\"text\":\"fine\"}\n\n" + row.replace('\'', '"') + "\n"))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("rows.jsonl: 1 problem:")
        .hasMessageContaining("line 3: ")
        .hasMessageContaining(problem)
        .message()
        .endsWith(".");
  }

  @Test
  void refusesOtherEncodingsNamingTheLine() throws IOException {
    Path file = folder.resolve("latin1.jsonl");
    Files.write(
        file, "{\"text\":\"ok\"}\n{\"text\":\"\u00E9\"}".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> Datasets.jsonl(file))
        .hasMessageContaining("line 2: expected UTF-8, found other bytes at byte 10");
  }

  @Test
  void listsTheFirstTenProblemsAndCountsAll() {
    assertThatThrownBy(() -> open("{}\n".repeat(25)))
        .hasMessageContaining("25 problems, the first 10 of them:")
        .hasMessageContaining("line 10:")
        .message()
        .doesNotContain("line 11:");
  }

  @Test
  void refusesEmptyAndMissingFiles() {
    assertThatThrownBy(() -> open("\n \n")).hasMessageContaining("found an empty file");
    assertThatThrownBy(() -> Datasets.jsonl(folder.resolve("none.jsonl")))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("none.jsonl: no such file");
  }

  @Test
  void noticesThatTheFileChanged() throws IOException {
    Dataset rows = open("{\"text\":\"one\"}\n");
    Files.writeString(folder.resolve("rows.jsonl"), "{\"text\":\"changed\"}\n");
    assertThatThrownBy(() -> rows.get(0)).hasMessageContaining("changed since");
  }

  @Test
  void keepsOnlyOffsetsOfALargeFile() throws IOException {
    Path file = folder.resolve("large.jsonl");
    int rows = 200_000;
    String filler = "x".repeat(600);
    try (BufferedWriter writer = Files.newBufferedWriter(file)) {
      for (int i = 0; i < rows; i++) {
        writer.write("{\"text\":\"" + i + " " + filler + "\"}\n");
      }
    }
    long before = usedHeap();
    Dataset dataset = Datasets.jsonl(file);
    long grown = usedHeap() - before;
    assertThat(dataset.size()).isEqualTo(rows);
    assertThat(grown).isLessThan(Files.size(file) / 10);
    for (int row : new int[] {rows - 1, 0, 123_456}) {
      assertThat(dataset.get(row)).isEqualTo(new Example.Text(row + " " + filler));
    }
  }

  private static long usedHeap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private Dataset open(String content) throws IOException {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, content);
    return Datasets.jsonl(file);
  }
}

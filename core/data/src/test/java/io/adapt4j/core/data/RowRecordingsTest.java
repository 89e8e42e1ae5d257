package io.adapt4j.core.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.Refusals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows of recordings with their transcripts. */
class RowRecordingsTest {

  @TempDir private Path folder;

  private FileDataset read(String row) throws IOException {
    Path file = folder.resolve("metadata.jsonl");
    Files.writeString(file, row.replace('\'', '"'));
    return Datasets.read(file).open();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'audio': 'a/b.wav', 'text': 'Hello.'}",
        "{'file_name': 'a/b.wav', 'transcription': 'Hello.'}",
        "{'audio': {'path': 'a/b.wav', 'bytes': null}, 'sentence': 'Hello.'}"
      })
  void pathsAreRelativeToTheFileOfTheRow(String row) throws IOException {
    FileDataset rows = read(row);
    assertThat(rows.shape()).contains(Shape.RECORDING);
    String path = folder.toAbsolutePath().resolve("a/b.wav").toString();
    assertThat(rows.get(0)).isEqualTo(new Example.Recording(path, "Hello."));
    assertThat(written(rows)).isEqualTo(rows.get(0));
  }

  @Test
  void bytesBecomeDataUrls() throws IOException {
    FileDataset rows = read("{'audio': {'path': 'b.wav', 'bytes': 'QUJD'}, 'text': 'Hello.'}");
    assertThat(rows.get(0)).isEqualTo(new Example.Recording("data:audio;base64,QUJD", "Hello."));
    assertThat(written(rows)).isEqualTo(rows.get(0));
  }

  private Example written(Dataset rows) {
    Path file = folder.resolve("written").resolve("rows.jsonl");
    Datasets.write(rows, file);
    return Datasets.read(file).open().get(0);
  }

  @Test
  void textsWithTheNameOfTheirDocumentStayTexts() throws IOException {
    assertThat(read("{'file_name': 'report.pdf', 'text': 'Hello.'}").get(0))
        .isEqualTo(new Example.Text("Hello."));
  }

  @Test
  void otherValuesAreRefusedWithTheirLine() {
    Refusals.refuses(
        DatasetException.class,
        () -> read("{'audio': 'https://a.org/b.wav', 'text': 'Hello.'}"),
        "line 1",
        "'audio'",
        "Download it first");
    Refusals.refuses(
        DatasetException.class, () -> read("{'audio': 7, 'text': 'Hello.'}"), "expected a path");
    Refusals.refuses(
        DatasetException.class, () -> read("{'audio': 'b.wav', 'text': ''}"), "'text'");
  }
}

package io.adapt4j.core.data;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.internal.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatasetReaderTest {

  private static final List<Example> CLASSIFIED =
      List.of(
          new Example.Classified("plain, with comma", "a"),
          new Example.Classified("two\nlines and a \"quote\"", "b"),
          new Example.Classified("caf\u00E9 \uD83D\uDE00", "a"));

  private static final String CSV =
      """
      text,label
      "plain, with comma",a
      "two
      lines and a ""quote\""",b
      caf\u00E9 \uD83D\uDE00,a
      """;

  private static final String JSONL =
      """
      {"text":"plain, with comma","label":"a"}
      {"text":"two\\nlines and a \\"quote\\"","label":"b"}
      {"text":"caf\u00E9 \\ud83d\\ude00","label":"a"}
      """;

  private static final String JSON = "[" + JSONL.strip().replace("}\n{", "} ,\n  {") + "]\n";

  @TempDir Path folder;

  private Path write(String name, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, content);
  }

  private Path write(String name, String content) throws IOException {
    return write(name, content.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }

  static List<Example> contents(Dataset dataset) {
    List<Example> contents = new ArrayList<>();
    for (int row = 0; row < dataset.size(); row++) {
      contents.add(dataset.get(row));
    }
    return contents;
  }

  private FileDataset open(String name, String content) throws IOException {
    return Datasets.read(write(name, content)).open();
  }

  @Test
  void everyFormatGivesTheSameRows() throws IOException {
    String tsv = CSV.replace("text,label", "text\tlabel").replaceAll(",([ab])\n", "\t$1\n");
    for (Dataset dataset :
        List.of(
            open("rows.csv", CSV),
            open("crlf.csv", "\uFEFF" + CSV.replaceAll("([abl])\n", "$1\r\n")),
            open("rows.tsv", tsv),
            open("rows.jsonl", JSONL),
            open("rows.json", JSON),
            open("lines.json", JSONL),
            open("wrapped.json", "{\"version\":1,\"data\":" + JSON + ",\"n\":[1,2]}"),
            Datasets.read(write("rows.csv.gz", gzip(CSV.getBytes(StandardCharsets.UTF_8)))).open(),
            Datasets.read(write("really-gzip.json", gzip(JSON.getBytes(StandardCharsets.UTF_8))))
                .open())) {
      assertThat(contents(dataset)).as(dataset.name()).isEqualTo(CLASSIFIED);
      assertThat(dataset.get(2)).isEqualTo(CLASSIFIED.get(2));
      assertThat(dataset.get(0)).isEqualTo(CLASSIFIED.get(0));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE", "UTF-8"})
  void aByteOrderMarkTellsTheEncoding(String encoding) throws IOException {
    byte[] content = ("\uFEFF" + CSV).getBytes(Charset.forName(encoding));
    assertThat(contents(Datasets.read(write("rows.csv", content)).open())).isEqualTo(CLASSIFIED);
    byte[] json = ("\uFEFF" + JSON).getBytes(Charset.forName(encoding));
    Path packed = write("rows.json.gz", gzip(json));
    assertThat(contents(Datasets.read(packed).open())).isEqualTo(CLASSIFIED);
  }

  @Test
  void otherEncodingsAreStated() throws IOException {
    Path file =
        write("latin.csv", "text,label\nna\u00EFve,x\n".getBytes(StandardCharsets.ISO_8859_1));
    refuses(DatasetException.class, () -> Datasets.read(file).open(), "line 2: expected UTF-8");
    assertThat(Datasets.read(file).encoding(StandardCharsets.ISO_8859_1).open().get(0))
        .isEqualTo(new Example.Classified("na\u00EFve", "x"));
    assertThatThrownBy(() -> Datasets.read(file).encoding(StandardCharsets.US_ASCII).open())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("expected US-ASCII");
  }

  @Test
  void delimiterColumnsAndQuotesCanBeStated() throws IOException {
    Path file = write("rows.csv", "good;1\n\"half;0\n");
    assertThat(
            contents(
                Datasets.read(file).delimiter(';').columns("text", "label").withoutQuotes().open()))
        .containsExactly(
            new Example.Classified("good", "1"), new Example.Classified("\"half", "0"));
    assertThatThrownBy(() -> Datasets.read(write("h.csv", "text;label\na;b\n")).open())
        .hasMessageContaining("the fields [text;label] are of no known shape")
        .hasMessageContaining("another delimiter");
    assertThatThrownBy(() -> Datasets.read(write("t.txt", "x")).delimiter(';').open())
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "text,label\\na,b,c|line 2: expected 2 fields [text, label], found 3",
        "text,label\\nok,x\\n\"a\" b,x|line 3: not valid CSV",
        "text,label\\nok,x\\n\"open,x\\nmore|line 3: expected a closing quote",
        "text,text\\na,b|header in line 1: expected its own name for every column",
        "text,label\\na,|line 2: field 'label': expected a label",
        "text,label\\n|expected at least one row",
      })
  void malformedCsvIsNamed(String content, String problem) throws IOException {
    Path file = write("bad.csv", content.replace("\\n", "\n"));
    refuses(DatasetException.class, () -> Datasets.read(file).open(), problem);
  }

  @Test
  void malformedJsonIsNamedWithItsLine() throws IOException {
    Path cut = write("cut.json", "[{\"text\":\"a\"},\n{\"text\":");
    assertThatThrownBy(() -> Datasets.read(cut).open())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("cut.json: line 2: not valid JSON");
    Path mixed = write("mixed.json", "[{\"text\":\"a\"},\n5,\n{\"text\":\"c\"}]");
    assertThatThrownBy(() -> Datasets.read(mixed).open())
        .hasMessageContaining("line 2: expected a JSON object, found 5");
    assertThat(Datasets.read(mixed).skipMalformed().open().get(1)).isEqualTo(new Example.Text("c"));
    Path packed = write("cut.jsonl.gz", new byte[] {0x1f, (byte) 0x8b, 8, 0, 1});
    refuses(DatasetException.class, () -> Datasets.read(packed).open(), "damaged data");
  }

  @Test
  void malformedRowsCanBeSkippedOrKeptInAFile() throws IOException {
    Path file = write("rows.jsonl", "{\"text\":\"a\"}\n{\"text\":5}\n{\"text\":\"c\"}\nnonsense\n");
    FileDataset skipped = Datasets.read(file).skipMalformed().open();
    assertThat(contents(skipped)).containsExactly(new Example.Text("a"), new Example.Text("c"));
    assertThat(skipped.locate(1)).endsWith("line 3");
    assertThat(skipped.malformed()).isEqualTo(2);
    assertThat(skipped.problems().get(1)).startsWith("line 4: ");

    Path kept = folder.resolve("out/malformed.jsonl");
    FileDataset rest = Datasets.read(file).quarantine(kept).open();
    assertThat(rest.quarantine()).contains(kept);
    List<String> lines = Files.readAllLines(kept);
    assertThat(lines).hasSize(2);
    assertThat(Json.parse(lines.get(0)).path("line").asInt()).isEqualTo(2);
    assertThat(Json.parse(lines.get(0)).path("row").asText()).isEqualTo("{\"text\":5}");
    assertThat(Json.parse(lines.get(1)).path("row").asText()).isEqualTo("nonsense");
    assertThatThrownBy(() -> Datasets.read(file).skipMalformed().quarantine(kept))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void noQuarantineFileIsWrittenForGoodRows() throws IOException {
    Path kept = folder.resolve("none.jsonl");
    assertThat(Datasets.read(write("a.txt", "a")).quarantine(kept).open().quarantine()).isEmpty();
    assertThat(kept).doesNotExist();
  }

  @Test
  void textIsADocumentOrParagraphsOrLines() throws IOException {
    Path file = write("book.txt", "\uFEFFone\r\ntwo\r\n \r\n\r\nthree\r\n");
    assertThat(contents(Datasets.read(file).open()))
        .containsExactly(new Example.Text("one\r\ntwo\r\n \r\n\r\nthree\r\n"));
    assertThat(contents(Datasets.read(file).textUnit(TextUnit.PARAGRAPH).open()))
        .containsExactly(new Example.Text("one\r\ntwo"), new Example.Text("three"));
    FileDataset lines = Datasets.read(file).textUnit(TextUnit.LINE).open();
    assertThat(contents(lines))
        .containsExactly(
            new Example.Text("one"), new Example.Text("two"), new Example.Text("three"));
    assertThat(lines.locate(2)).endsWith("book.txt line 5");
  }

  @Test
  void aFolderIsReadFileByFileInOrder() throws IOException {
    write("docs/b.txt", "second");
    write("docs/a.md", "first");
    write("docs/c/d.txt.gz", gzip("third".getBytes(StandardCharsets.UTF_8)));
    write("docs/.hidden/x.txt", "hidden");
    Path docs = folder.resolve("docs");
    FileDataset all = Datasets.read(docs).open();
    assertThat(contents(all))
        .containsExactly(
            new Example.Text("first"), new Example.Text("second"), new Example.Text("third"));
    assertThat(all.locate(2)).contains("d.txt.gz line 1");
    assertThat(contents(Datasets.read(docs).files("*.txt").open()))
        .containsExactly(new Example.Text("second"));
    write("docs/picture.png", "x");
    assertThatThrownBy(() -> Datasets.read(docs).open())
        .hasMessageContaining("picture.png: the name does not tell the format");
  }

  @Test
  void fieldsAreMappedByNameOrFunction() throws IOException {
    Path file = write("faq.csv", "id,question,reply,prompt\n7,Why?,Because.,x\n");
    FileDataset named =
        Datasets.read(file).map("question", "prompt").map("reply", "completion").open();
    assertThat(named.get(0)).isEqualTo(new Example.PromptCompletion("Why?", "Because."));
    assertThat(named.source(0).orElseThrow().text("id")).isEqualTo("7");
    assertThat(named.subset(0).source(0).orElseThrow().fields())
        .containsExactly("id", "question", "reply", "prompt");
    assertThat(named.unusedFields()).containsExactly("id");
    assertThat(
            Datasets.read(file)
                .map(row -> new Example.Text(row.text("question") + " " + row.text("reply")))
                .open()
                .get(0))
        .isEqualTo(new Example.Text("Why? Because."));
    assertThatThrownBy(() -> Datasets.read(file).map(row -> new Example.Text(row.text("q"))).open())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("line 2: the function that reads rows failed: field 'q'");
    assertThatThrownBy(() -> Datasets.read(file).map("question", "prompt").map("id", "prompt"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void noticesThatAFileChanged() throws IOException {
    Path file = write("rows.csv", CSV);
    Dataset rows = Datasets.read(file).open();
    Files.writeString(file, CSV + "more,a\n");
    refuses(DatasetException.class, () -> rows.get(0), "changed since");
  }

  @Test
  void saysWhatIsWrongWithAPath() throws IOException {
    assertThatThrownBy(() -> Datasets.read(folder.resolve("none.csv")).open())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> Datasets.read(folder).open()).hasMessageContaining("found none");
    Path unnamed = write("rows", JSONL);
    assertThatThrownBy(() -> Datasets.read(unnamed).open()).hasMessageContaining("State it");
    assertThat(Datasets.read(unnamed).format(Format.JSONL).open().size()).isEqualTo(3);
  }
}

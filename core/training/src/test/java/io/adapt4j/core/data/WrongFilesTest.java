package io.adapt4j.core.data;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.quality.Check;
import io.adapt4j.core.data.quality.DataChecker;
import io.adapt4j.core.data.quality.DataReport;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.recipe.DataDescription;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What people name by mistake, and which option or step helps. */
class WrongFilesTest {

  @TempDir private Path folder;

  private Path write(String name, String text, Charset encoding) throws IOException {
    return Files.write(folder.resolve(name), text.getBytes(encoding));
  }

  private Path write(String name, String text) throws IOException {
    return write(name, text, StandardCharsets.UTF_8);
  }

  @Test
  void windowsEncodingIsToldByWhatCannotBeUtf8() throws IOException {
    Charset windows = Charset.forName("windows-1252");
    Path file = write("a.csv", "text,label\nna\u00efve \u2013 yes,1\n", windows);
    assertThatThrownBy(() -> Datasets.read(file).open())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("a.csv")
        .hasMessageContaining("line 2")
        .hasMessageContaining("Set encoding to what the file is in, such as windows-1252");
    assertThat(Datasets.read(file).encoding(windows).open().get(0))
        .isEqualTo(new Example.Classified("na\u00efve \u2013 yes", "1"));
    Path header = write("b.csv", "text,cat\u00e9gorie\na,1\n", windows);
    assertThatThrownBy(() -> Datasets.read(header).open()).hasMessageContaining("windows-1252");
    Path wide = write("c.csv", "text,label\na,1\n", StandardCharsets.UTF_16LE);
    assertThatThrownBy(() -> Datasets.read(wide).open())
        .hasMessageContaining("Set encoding to utf-16le");
  }

  @ParameterizedTest
  @CsvSource({
    "a.csv, text;label, ';'",
    "a.csv, text|label, '|'",
    "a.tsv, 'text,label', ','",
    "a.tsv, text;label, ';'"
  })
  void anotherDelimiterIsNamed(String name, String header, String delimiter) throws IOException {
    Path file = write(name, header + "\nx" + delimiter + "1\n");
    assertThatThrownBy(() -> Datasets.read(file).open())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("State another delimiter: '" + delimiter + "'.");
    // Also where the shape is stated, so that the fields tell nothing.
    assertThatThrownBy(() -> Datasets.read(file).shape(Shape.CLASSIFICATION).open())
        .hasMessageContaining("State another delimiter: '" + delimiter + "'.");
    assertThat(Datasets.read(file).delimiter(delimiter.charAt(0)).open().get(0))
        .isEqualTo(new Example.Classified("x", "1"));
  }

  @Test
  void aTabIsNamedAsItIsWrittenInYaml() throws IOException {
    Path file = write("a.csv", "text\tlabel\nx\t1\n");
    assertThatThrownBy(() -> Datasets.read(file).open())
        .hasMessageContaining("State another delimiter: a tab, \"\\t\" in double quotes.");
    Path quoted = write("b.csv", "\"text;more\"\nx\n");
    assertThat(Datasets.read(quoted).map("text;more", "text").open().get(0))
        .isEqualTo(new Example.Text("x"));
  }

  @Test
  void workbooksAndArchivesAreNamedWithWhatToDo() throws IOException {
    for (String name : new String[] {"a.xlsx", "a.csv", "rows.data"}) {
      Path file = folder.resolve(name);
      try (OutputStream out = Files.newOutputStream(file);
          ZipOutputStream zip = new ZipOutputStream(out)) {
        zip.putNextEntry(new ZipEntry("xl/workbook.xml"));
        zip.write(1);
      }
      assertThatThrownBy(() -> Datasets.read(file).open())
          .isInstanceOf(DatasetException.class)
          .hasMessage(
              file
                  + ": expected text such as CSV or JSON Lines, found an Excel workbook. Save it as"
                  + " CSV (in UTF-8) and name that file.");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "504b030414000000, a zip archive. Unpack it",
    "d0cf11e0a1b11ae1, an old Office version (xls or doc). Save it as CSV",
    "255044462d312e37, a PDF.",
    "28b52ffd04, compressed with Zstandard. Unpack it",
    "53514c69746520666f726d6174203300, an SQLite database. Export",
    "4152524f5731, an Arrow file. Export"
  })
  void otherKindsOfFilesAreNamed(String bytes, String said) throws IOException {
    Path file = Files.write(folder.resolve("a.csv"), HexFormat.of().parseHex(bytes));
    refuses(DatasetException.class, () -> Datasets.read(file).open(), said);
  }

  @Test
  void aFieldToRenameThatNoRowHasIsAnErrorWithThoseThereAre() throws IOException {
    Path file = write("a.csv", "question,reply\nq,a\n");
    assertThatThrownBy(
            () -> Datasets.read(file).map("qestion", "prompt").map("reply", "completion").open())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("map: expected the field 'qestion', found no row that has it.")
        .hasMessageContaining("The fields are question, reply. Did you mean 'question'?");
    // Where the names are right by themselves, too.
    Path right = write("b.jsonl", "{\"prompt\": \"q\", \"completion\": \"a\"}\n");
    assertThatThrownBy(() -> Datasets.read(right).map("question", "prompt").open())
        .hasMessageContaining("map: expected the field 'question'")
        .hasMessageContaining("The fields are prompt, completion.");
    // A field that only later rows have is there.
    Path later =
        write("c.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\", \"label\": \"x\", \"more\": 1}\n");
    assertThat(Datasets.read(later).shape(Shape.TEXT).map("more", "note").open().size())
        .isEqualTo(2);
  }

  private Optional<Split> described(String yaml) {
    Problems problems = new Problems();
    Fields fields = Fields.of("data", Documents.parse("run.yaml", folder, yaml), problems);
    Optional<Split> data = DataDescription.open(fields);
    problems.finish();
    return data;
  }

  @Test
  void ofSeveralFilesOneMustHaveTheFieldToRename() throws IOException {
    write("a.csv", "question,completion\nq,a\n");
    write("b.csv", "prompt,completion\nq,a\n");
    Split both = described("{path: [a.csv, b.csv], map: {question: prompt}}").orElseThrow();
    assertThat(both.train().size()).isEqualTo(2);
    assertThatThrownBy(() -> described("{path: [b.csv, b.csv], map: {question: prompt}}"))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("data.map: expected fields of the files")
        .hasMessageContaining("question");
    assertThatThrownBy(() -> described("{path: b.csv, map: {question: prompt}}"))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("The fields are prompt, completion.");
  }

  @ParameterizedTest
  @CsvSource({
    "True, Write true.",
    "yes, Write true.",
    "'on', Write true.",
    "No, Write false.",
    "'off', Write false.",
    "FALSE, Write false.",
    "maybe, Write true or false."
  })
  void otherWordsForTrueAndFalseAreToldHowToBeWritten(String word, String remedy)
      throws IOException {
    write("a.csv", "prompt,completion\nq,a\n");
    assertThatThrownBy(() -> described("{path: a.csv, asChat: " + word + "}"))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("data.asChat: expected true or false, found the text '" + word + "'")
        .hasMessageEndingWith(remedy);
  }

  @Test
  void labelsThatReadAlikeAreAWarning() throws IOException {
    Path file =
        write(
            "a.csv",
            """
            text,label
            a,Billing
            b,billing
            c," billing "
            d,other
            e,Billing
            f,big  cat
            g,big cat
            """);
    DataReport report = DataChecker.of(Datasets.read(file).open()).check();
    assertThat(report.count(Check.SIMILAR_LABELS)).isEqualTo(2);
    assertThat(Check.SIMILAR_LABELS.severity()).isEqualTo(Check.Severity.WARNING);
    assertThat(report.text())
        .contains("'Billing' (2 rows)", "'billing' (1 row)", "' billing ' (1 row)")
        .contains("are different classes; write them alike if they are one")
        .contains("'big  cat' (1 row) and 'big cat' (1 row)")
        .doesNotContain("'other' (1 row)");
  }
}

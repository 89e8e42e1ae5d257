package io.adapt4j.core.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.Golden;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Public sets are read without a word about what they are. Counts are those of their notes. */
class RealDataTest {

  @ParameterizedTest
  @CsvSource({
    "banking77/train.csv, CLASSIFICATION, 10003",
    "sst2/train_10k.tsv, CLASSIFICATION, 10000",
    "agnews/train_4k.jsonl, CLASSIFICATION, 4000",
    "clinc150/train.jsonl, CLASSIFICATION, 15100",
    "gsm8k/train.jsonl, QUESTION_ANSWER, 2500",
    "dialogsum/dialogsum.dev.jsonl, SUMMARY, 500",
    "alpaca_demo/alpaca_en_demo.json, INSTRUCTION, 999",
    "squad/xquad_en_a.json, QUESTION_ANSWER, 612",
    "tinystories/stories_800.jsonl, TEXT, 800",
  })
  void isRecognisedAndReadWhole(String file, Shape shape, int rows) {
    Path path = Golden.data(file);
    FileDataset dataset = Datasets.read(path).open();
    assertThat(dataset.shape()).contains(shape);
    assertThat(dataset.size()).isEqualTo(rows);
    for (int row = 0; row < rows; row++) {
      assertThat(dataset.get(row)).isNotNull();
    }
    assertThat(dataset.locate(rows - 1)).startsWith(path + " line ");
  }

  @Test
  void bankingHas77Labels() {
    FileDataset dataset = Datasets.read(Golden.data("banking77/train.csv")).open();
    assertThat(
            IntStream.range(0, dataset.size())
                .mapToObj(row -> ((Example.Classified) dataset.get(row)).labels().get(0))
                .distinct())
        .hasSize(77);
  }

  /** Some rows name their sources in two more columns. */
  @Test
  void sentencePairsAreReadByAFunctionAndRaggedRowsAreCounted() {
    FileDataset pairs =
        Datasets.read(Golden.data("stsb/sts-dev.csv"))
            .format(Format.TSV)
            .withoutQuotes()
            .columns("genre", "file", "year", "id", "score", "first", "second")
            .map(row -> new Example.PromptCompletion(row.text("first"), row.text("second")))
            .skipMalformed()
            .open();
    assertThat(pairs.size()).isEqualTo(1478);
    assertThat(pairs.malformed()).isEqualTo(22);
    assertThat(pairs.get(0))
        .isEqualTo(
            new Example.PromptCompletion(
                "A man with a hard hat is dancing.", "A man wearing a hard hat is dancing."));
  }

  @Test
  void aFolderOfBooksIsADocumentEach() {
    Dataset books = Datasets.read(Golden.data("books")).files("*.txt").open();
    assertThat(books.size()).isEqualTo(9);
    assertThat(((Example.Text) books.get(2)).text()).contains("DICTIONARY");
    Dataset paragraphs =
        Datasets.read(Golden.data("books")).files("*.txt").textUnit(TextUnit.PARAGRAPH).open();
    assertThat(paragraphs.size()).isGreaterThan(9000);
  }
}

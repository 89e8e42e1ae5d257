package io.adapt4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.eval.metric.Bleu;
import io.adapt4j.eval.metric.SquadAnswers;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.Comparison;
import io.adapt4j.eval.stats.Interval;
import io.adapt4j.eval.stats.ItemScores;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/metrics.md: its examples run, and every public metric stands in it. */
class DocumentationTest {
  private static final Path GUIDE = Path.of("../docs/metrics.md");
  private static final Path METRICS = Path.of("src/main/java/io/adapt4j/eval");

  @Test
  void theFirstExampleScoresItsTexts() {
    Bleu bleu = new Bleu();
    SquadAnswers answers = new SquadAnswers();
    bleu.add("the cat sat on the mat", "the cat sits on the mat");
    answers.add("the Eiffel Tower", List.of("Eiffel Tower", "La tour Eiffel"));
    // Precisions 5/6, 3/5, 1/4 and half of 1/3.
    double expected = 100 * Math.pow(5 / 6.0 * 3 / 5.0 * 1 / 4.0 * 1 / 6.0, 0.25);
    assertThat(bleu.score().score()).isCloseTo(expected, within(1e-9));
    assertThat(answers.exactMatch()).isEqualTo(1);
  }

  @Test
  void theSecondExampleFindsIntervals() {
    Interval accuracy = Bootstrap.DEFAULT.mean(new double[] {1, 1, 0, 1, 0, 1, 1, 1});
    ItemScores tunedScores = new ItemScores();
    ItemScores baseScores = new ItemScores();
    for (int i = 0; i < 20; i++) {
      tunedScores.add("row " + i, 1);
      baseScores.add("row " + i, i % 2);
    }
    Comparison tuned = Bootstrap.DEFAULT.compare(tunedScores, baseScores);
    assertThat(accuracy.value()).isEqualTo(0.75);
    assertThat(tuned.difference().value()).isEqualTo(0.5);
    assertThat(tuned.pValue()).isLessThan(0.01);
  }

  @Test
  void everyMetricStandsInTheGuide() throws IOException {
    String guide = Files.readString(GUIDE);
    try (Stream<Path> files = Files.walk(METRICS)) {
      List<String> metrics =
          files
              .filter(Files::isRegularFile)
              .filter(DocumentationTest::collectsRows)
              .map(file -> file.getFileName().toString().replace(".java", ""))
              .toList();
      assertThat(metrics).hasSizeGreaterThan(10);
      assertThat(metrics).allSatisfy(name -> assertThat(guide).contains('`' + name + '`'));
    }
  }

  private static boolean collectsRows(Path file) {
    try {
      return Files.readString(file).contains("public void merge(");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

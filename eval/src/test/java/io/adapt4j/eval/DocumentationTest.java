package io.adapt4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.eval.metric.BleuScore;
import io.adapt4j.eval.metric.Metric;
import io.adapt4j.eval.metric.Metrics;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.Comparison;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** docs/metrics.md: its examples run, and every public metric stands in it. */
class DocumentationTest {
  private static final Path GUIDE = Path.of("../docs/metrics.md");

  @Test
  void theFirstExampleScoresItsTexts() {
    Metric<String, List<String>, BleuScore> bleu = Metrics.bleu();
    Metric<String, List<String>, Double> answers = Metrics.exactMatch();
    bleu.add("the cat sat on the mat", List.of("the cat sits on the mat"));
    answers.add("the Eiffel Tower", List.of("Eiffel Tower", "La tour Eiffel"));
    // Precisions 5/6, 3/5, 1/4 and half of 1/3.
    double expected = 100 * Math.pow(5 / 6.0 * 3 / 5.0 * 1 / 4.0 * 1 / 6.0, 0.25);
    assertThat(bleu.result().score()).isCloseTo(expected, within(1e-9));
    assertThat(answers.result()).isEqualTo(1);
  }

  @Test
  void theSecondExampleFindsIntervals() {
    ConfidenceInterval accuracy = Bootstrap.DEFAULT.mean(new double[] {1, 1, 0, 1, 0, 1, 1, 1});
    Map<String, Double> tunedScores = new HashMap<>();
    Map<String, Double> baseScores = new HashMap<>();
    for (int i = 0; i < 20; i++) {
      tunedScores.put("row " + i, 1.0);
      baseScores.put("row " + i, i % 2.0);
    }
    Comparison tuned = Bootstrap.DEFAULT.compare(tunedScores, baseScores);
    assertThat(accuracy.value()).isEqualTo(0.75);
    assertThat(tuned.difference().value()).isEqualTo(0.5);
    assertThat(tuned.pValue()).isLessThan(0.01);
  }

  @Test
  void everyMetricStandsInTheGuide() throws IOException {
    String guide = Files.readString(GUIDE);
    TreeSet<String> names = new TreeSet<>();
    for (Method method : Metrics.class.getMethods()) {
      if (Modifier.isStatic(method.getModifiers())) {
        names.add(method.getName());
      }
    }
    assertThat(names).hasSizeGreaterThan(20);
    assertThat(names).allSatisfy(name -> assertThat(guide).contains('`' + name));
  }
}

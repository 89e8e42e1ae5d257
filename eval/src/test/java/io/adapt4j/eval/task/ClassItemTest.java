package io.adapt4j.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.eval.internal.ClassMetrics;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.Reply;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClassMetricsTest {

  private static Map<String, Double> probabilities(double a, double b, double c) {
    Map<String, Double> all = new LinkedHashMap<>();
    all.put("a", a);
    all.put("b", b);
    all.put("c", c);
    return all;
  }

  private static Outcome outcome(String label, Map<String, Double> probabilities) {
    return new ClassItem("row", "text", label, Map.of())
        .judge(List.of(new Reply.Classes(probabilities)));
  }

  @Test
  void theLikeliestClassIsTheAnswerAndItsProbabilityTheConfidence() {
    Outcome outcome = outcome("b", probabilities(0.2, 0.5, 0.3));

    assertThat(outcome.got()).isEqualTo("b");
    assertThat(outcome.metric(ChoiceItem.ACC)).isEqualTo(1);
    assertThat(outcome.confidence()).hasValue(0.5);
  }

  @Test
  void metricsAreThoseOfScikitLearn() {
    // Truth a a b c, predicted a b b b: F1 of a 2/3, of b 1/2, of c 0.
    List<Outcome> outcomes = new ArrayList<>();
    outcomes.add(outcome("a", probabilities(0.9, 0.1, 0)));
    outcomes.add(outcome("a", probabilities(0.3, 0.7, 0)));
    outcomes.add(outcome("b", probabilities(0, 0.8, 0.2)));
    outcomes.add(outcome("c", probabilities(0, 0.6, 0.4)));

    assertThat(ClassMetrics.ALL.get(0).of(outcomes)).isEqualTo(0.5);
    assertThat(ClassMetrics.ALL.get(1).of(outcomes)).isCloseTo((2 / 3.0 + 0.5) / 3, within(1e-12));
    // Covariance 2 x 4 - (2 x 1 + 1 x 3) = 3; spreads 16 - 6 and 16 - 10.
    assertThat(ClassMetrics.ALL.get(2).of(outcomes)).isCloseTo(3 / Math.sqrt(60), within(1e-12));
    assertThat(ClassMetrics.ALL.get(3).of(outcomes))
        .isCloseTo((0.1 + 0.7 + 0.2 + 0.6) / 4, within(1e-12));
    assertThat(ClassMetrics.decisions(outcomes).count("a", "b")).isEqualTo(1);
  }

  @Test
  void refusesALabelThatTheClassifierHasNotLearned() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> outcome("d", probabilities(1, 0, 0)))
        .withMessageContaining("'row'")
        .withMessageContaining("'d'")
        .withMessageContaining("[a, b, c]");
  }

  @Test
  void refusesScoresThatAreNoProbabilitiesOfOneClass() {
    for (double bad : new double[] {Double.NaN, -0.5, 0.5, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException()
          .as(String.valueOf(bad))
          .isThrownBy(() -> new Reply.Classes(probabilities(0.9, bad, 0)))
          .withMessageContaining("add up to 1");
    }
  }
}

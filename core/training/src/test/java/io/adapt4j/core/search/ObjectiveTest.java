package io.adapt4j.core.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.train.EvaluationEvent;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which figure of an evaluation a search compares. */
class ObjectiveTest {

  private static final EvaluationEvent EVENT =
      new EvaluationEvent(4, 0.5, Math.exp(0.5), true, Map.of("accuracy", 0.9, "mse", 0.2));

  @Test
  void theLossIsWantedLow() {
    assertThat(Objective.loss().metric().applyAsDouble(EVENT)).isEqualTo(0.5);
    assertThat(Objective.loss().isBetter(0.4, 0.5)).isTrue();
  }

  @Test
  void whatATaskMeasuresIsFoundByItsName() {
    Objective accuracy = Objective.highest("accuracy");
    assertThat(accuracy.metric().applyAsDouble(EVENT)).isEqualTo(0.9);
    assertThat(accuracy.isBetter(0.9, 0.8)).isTrue();
    Objective error = Objective.lowest("mse");
    assertThat(error.metric().applyAsDouble(EVENT)).isEqualTo(0.2);
    assertThat(error.isBetter(0.2, 0.3)).isTrue();
  }

  @Test
  void anEvaluationWithoutTheFigureIsTheWorst() {
    Objective missing = Objective.highest("macro_f1");
    assertThat(missing.metric().applyAsDouble(EVENT)).isNaN();
    assertThat(missing.isBetter(0.1, Double.NaN)).isTrue();
    assertThat(missing.isBetter(Double.NaN, 0.1)).isFalse();
  }
}

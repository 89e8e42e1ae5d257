package io.adapt4j.core.internal.task.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class PairwiseScoresTest {

  @Test
  void accuracyCountsTheBetterAnswerAboveTheWorse() {
    PairwiseScores scores = new PairwiseScores();
    scores.add(2, 1);
    scores.add(0, 1);
    scores.add(1, 1);
    scores.add(3, -1);
    assertThat(scores.metrics())
        .containsEntry("accuracy", 2.5 / 4)
        .containsEntry("margin", 1.0)
        .containsEntry("reward_chosen", 1.5)
        .containsEntry("reward_rejected", 0.5);
  }

  @Test
  void calibrationComparesHowSureWithHowOftenRight() {
    PairwiseScores sure = new PairwiseScores();
    double threeQuarters = Math.log(3);
    sure.add(threeQuarters, 0);
    sure.add(threeQuarters, 0);
    sure.add(threeQuarters, 0);
    sure.add(0, threeQuarters);
    assertThat(sure.metrics().get("calibration_error")).isCloseTo(0, within(1e-9));
    PairwiseScores wrong = new PairwiseScores();
    wrong.add(0, 20);
    assertThat(wrong.metrics().get("calibration_error")).isCloseTo(1, within(1e-6));
  }

  @Property(tries = 200)
  void figuresAreWithinTheirRanges(
      @ForAll @DoubleRange(min = -30, max = 30) double chosen,
      @ForAll @DoubleRange(min = -30, max = 30) double rejected) {
    PairwiseScores scores = new PairwiseScores();
    scores.add(chosen, rejected);
    Map<String, Double> metrics = scores.metrics();
    assertThat(metrics.get("accuracy")).isBetween(0.0, 1.0);
    assertThat(metrics.get("calibration_error")).isBetween(0.0, 1.0);
  }

  @Property(tries = 200)
  void theLossFallsWithTheDistance(
      @ForAll @DoubleRange(min = -30, max = 30) double chosen,
      @ForAll @DoubleRange(min = -30, max = 30) double rejected) {
    PairwiseObjective objective = new PairwiseObjective(0);
    float[] rewards = {(float) chosen, (float) rejected};
    PairwiseObjective.Outcome found = objective.of(rewards, new float[1], new float[] {1});
    assertThat(found.loss()).isFinite().isGreaterThanOrEqualTo(0);
    assertThat(found.derivative()[0]).isBetween(-1f, 0f).isEqualTo(-found.derivative()[1]);
  }
}

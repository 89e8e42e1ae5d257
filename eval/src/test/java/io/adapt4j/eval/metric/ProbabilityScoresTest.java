package io.adapt4j.eval.metric;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.eval.internal.metric.probability.MulticlassAuc;
import io.adapt4j.eval.internal.metric.probability.ProbabilityScores;
import io.adapt4j.eval.internal.metric.probability.RocAuc;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** What the golden data leaves open: Brier, calibration, laws of ROC curves, bad rows. */
class ProbabilityScoresTest {
  private static final Offset<Double> EQUAL = within(1e-12);

  /** The example in the documentation of scikit-learn's brier_score_loss. */
  @Test
  void brierOfTwoClassesIsThatOfScikitLearn() {
    ProbabilityScores scores = new ProbabilityScores(2);
    int[] truth = {0, 1, 1, 0};
    double[] chances = {0.1, 0.9, 0.8, 0.3};
    for (int i = 0; i < truth.length; i++) {
      scores.add(truth[i], new double[] {1 - chances[i], chances[i]});
    }
    assertThat(scores.brier()).isCloseTo(0.0375, EQUAL);
  }

  @Test
  void brierOfMoreClassesSumsOverThemAll() {
    ProbabilityScores scores = new ProbabilityScores(3);
    scores.add(0, new double[] {0.5, 0.25, 0.25});
    scores.add(2, new double[] {1, 0, 0});
    assertThat(scores.brier()).isCloseTo((0.375 + 2) / 2, EQUAL);
  }

  @Test
  void calibrationErrorWeighsBinsByTheirSize() {
    Calibration calibration = new Calibration(10);
    calibration.add(0.95, true);
    calibration.add(0.93, true);
    calibration.add(0.91, false);
    calibration.add(0.55, false);
    double high = Math.abs((0.95 + 0.93 + 0.91) / 3 - 2 / 3.0);
    assertThat(calibration.expectedError()).isCloseTo((3 * high + 0.55) / 4, EQUAL);
    assertThat(calibration.maximumError()).isCloseTo(0.55, EQUAL);
    assertThat(calibration.bins().get(9).count()).isEqualTo(3);
    assertThat(calibration.bins().get(9).accuracy()).isCloseTo(2 / 3.0, EQUAL);
  }

  @Test
  void binsHoldTheirUpperEndAndTheFirstHoldsZero() {
    Calibration calibration = new Calibration(2);
    calibration.add(0, false);
    calibration.add(0.5, false);
    calibration.add(1, true);
    assertThat(calibration.bins()).extracting(CalibrationReport.Bin::count).containsExactly(2L, 1L);
  }

  @Test
  void theLikeliestClassOfAClassifierIsItsPrediction() {
    Calibration calibration = new Calibration();
    calibration.add(1, new double[] {0.2, 0.8});
    calibration.add(0, new double[] {0.2, 0.8});
    assertThat(calibration.expectedError()).isCloseTo(0.3, EQUAL);
  }

  @Test
  void partsCountedApartMergeToTheWhole() {
    Calibration left = new Calibration(4);
    Calibration right = new Calibration(4);
    Calibration whole = new Calibration(4);
    ProbabilityScores leftScores = new ProbabilityScores(2);
    ProbabilityScores rightScores = new ProbabilityScores(2);
    ProbabilityScores wholeScores = new ProbabilityScores(2);
    RocAuc leftArea = new RocAuc();
    RocAuc rightArea = new RocAuc();
    RocAuc wholeArea = new RocAuc();
    for (int i = 0; i < 40; i++) {
      double chance = (i * 7 % 40) / 40.0;
      boolean truth = i % 3 == 0;
      double[] row = {1 - chance, chance};
      (i < 11 ? left : right).add(chance, truth);
      whole.add(chance, truth);
      (i < 11 ? leftScores : rightScores).add(truth ? 1 : 0, row);
      wholeScores.add(truth ? 1 : 0, row);
      (i < 11 ? leftArea : rightArea).add(truth, chance);
      wholeArea.add(truth, chance);
    }
    left.merge(right);
    leftScores.merge(rightScores);
    leftArea.merge(rightArea);
    assertThat(left.expectedError()).isCloseTo(whole.expectedError(), EQUAL);
    assertThat(leftScores.brier()).isCloseTo(wholeScores.brier(), EQUAL);
    assertThat(leftScores.logLoss()).isCloseTo(wholeScores.logLoss(), EQUAL);
    assertThat(leftArea.area()).isEqualTo(wholeArea.area());
  }

  @Test
  void theAreaIgnoresTheScaleOfScoresAndTurnsRoundWithThem() {
    RocAuc plain = new RocAuc();
    RocAuc stretched = new RocAuc();
    RocAuc turned = new RocAuc();
    double[] scores = {0.1, 0.4, 0.35, 0.8, 0.4, -0.0, 0.0};
    boolean[] truth = {false, false, true, true, true, false, true};
    for (int i = 0; i < scores.length; i++) {
      plain.add(truth[i], scores[i]);
      stretched.add(truth[i], Math.exp(3 * scores[i]) - 5);
      turned.add(truth[i], -scores[i]);
    }
    assertThat(stretched.area()).isEqualTo(plain.area());
    assertThat(turned.area()).isCloseTo(1 - plain.area(), EQUAL);
  }

  @Test
  void multiclassAreasMerge() {
    MulticlassAuc left = new MulticlassAuc(2);
    MulticlassAuc right = new MulticlassAuc(2);
    left.add(0, new double[] {0.9, 0.1});
    right.add(1, new double[] {0.2, 0.8});
    left.merge(right);
    assertThat(left.oneVersusRest()).isEqualTo(1);
    assertThat(left.oneVersusOne()).isEqualTo(1);
  }

  @Test
  void badRowsAreNamed() {
    ProbabilityScores scores = new ProbabilityScores(2);
    scores.add(0, new double[] {1, 0});
    assertThatThrownBy(() -> scores.add(0, new double[] {0.5, 0.2}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Row 2: probabilities add up to 0.7");
    assertThatThrownBy(() -> scores.add(0, new double[] {Double.NaN, 1}))
        .hasMessageContaining("Row 2: the probability of class 0 is NaN");
    assertThatThrownBy(() -> scores.add(0, new double[] {1}))
        .hasMessageContaining("Row 2: 1 probabilities for 2 classes");
    assertThatThrownBy(() -> scores.add(2, new double[] {1, 0}))
        .hasMessageContaining("Row 2: the true class is 2, but classes are 0 to 1");
    assertThatThrownBy(() -> new Calibration().add(1.5, true))
        .hasMessageContaining("Row 1: the confidence is 1.5");
    RocAuc area = new RocAuc();
    area.add(true, 1);
    assertThatThrownBy(() -> area.add(true, Double.NaN))
        .hasMessageContaining("Row 2: the score is NaN");
    refuses(IllegalStateException.class, area::area, "found 1 positive and 0 negative ones");
    List.<Runnable>of(
            () -> new ProbabilityScores(2).brier(),
            () -> new ProbabilityScores(2).logLoss(),
            () -> new Calibration().expectedError())
        .forEach(
            metric ->
                assertThatThrownBy(metric::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("no rows"));
  }
}

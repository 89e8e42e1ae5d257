package io.adapt4j.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.eval.internal.metric.RankCorrelation;
import io.adapt4j.eval.internal.metric.Regression;
import java.io.IOException;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Numbers are judged as by scikit-learn and SciPy. */
class RegressionTest {
  private static final Offset<Double> EQUAL = within(1e-9);

  @Test
  void errorsAndCorrelationsAreThoseOfTheReference() throws IOException {
    JsonNode golden = Golden.read("classification.json").get("regression");
    double[] truth = Golden.numbers(golden.get("y_true"));
    double[] predicted = Golden.numbers(golden.get("y_pred"));
    Regression scores = new Regression();
    RankCorrelation ranks = new RankCorrelation();
    for (int i = 0; i < truth.length; i++) {
      scores.add(truth[i], predicted[i]);
      ranks.add(truth[i], predicted[i]);
    }
    assertThat(scores.meanSquaredError()).isCloseTo(golden.get("mse").asDouble(), EQUAL);
    assertThat(scores.meanAbsoluteError()).isCloseTo(golden.get("mae").asDouble(), EQUAL);
    assertThat(scores.r2()).isCloseTo(golden.get("r2").asDouble(), EQUAL);
    assertThat(scores.pearson()).isCloseTo(golden.get("pearson").asDouble(), EQUAL);
    assertThat(ranks.spearman()).isCloseTo(golden.get("spearman").asDouble(), EQUAL);
  }

  @Test
  void partsCountedApartMergeToTheWhole() {
    Regression whole = new Regression();
    Regression left = new Regression();
    Regression right = new Regression();
    RankCorrelation ranks = new RankCorrelation();
    RankCorrelation leftRanks = new RankCorrelation();
    RankCorrelation rightRanks = new RankCorrelation();
    for (int i = 0; i < 200; i++) {
      double truth = Math.sin(i) + i * 0.01;
      double predicted = Math.cos(i) + i * 0.02;
      whole.add(truth, predicted);
      ranks.add(truth, predicted);
      (i < 30 ? left : right).add(truth, predicted);
      (i < 30 ? leftRanks : rightRanks).add(truth, predicted);
    }
    left.merge(right);
    leftRanks.merge(rightRanks);
    assertThat(left.r2()).isCloseTo(whole.r2(), EQUAL);
    assertThat(left.pearson()).isCloseTo(whole.pearson(), EQUAL);
    assertThat(left.meanAbsoluteError()).isCloseTo(whole.meanAbsoluteError(), EQUAL);
    assertThat(leftRanks.spearman()).isEqualTo(ranks.spearman());
  }

  @Test
  void correlationsIgnoreScaleAndShiftEvenFarFromZero() {
    Regression near = new Regression();
    Regression far = new Regression();
    for (int i = 0; i < 100; i++) {
      double truth = i % 7;
      double predicted = i % 5;
      near.add(truth, predicted);
      far.add(1e7 + truth, 3 * predicted - 1e7);
    }
    assertThat(far.pearson()).isCloseTo(near.pearson(), within(1e-8));
  }

  @Test
  void rightPredictionsOfEqualNumbersScoreOneAndWrongOnesZero() {
    Regression right = new Regression();
    Regression wrong = new Regression();
    for (int i = 0; i < 3; i++) {
      right.add(2, 2);
      wrong.add(2, i);
    }
    assertThat(right.r2()).isEqualTo(1);
    assertThat(wrong.r2()).isZero();
  }

  @Test
  void badRowsAreNamed() {
    Regression scores = new Regression();
    scores.add(1, 2);
    assertThatThrownBy(() -> scores.add(1, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Row 2: the predicted number is NaN");
    assertThatThrownBy(() -> new RankCorrelation().add(Double.POSITIVE_INFINITY, 1))
        .hasMessageContaining("Row 1: the true number is Infinity");
    assertThatThrownBy(() -> new Regression().r2()).isInstanceOf(IllegalStateException.class);
  }
}

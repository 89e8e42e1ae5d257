package io.adapt4j.core.internal.tensor.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Optional;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Losses of rows of scores, against their formulas and against differences of themselves. */
class ClassLossTest {

  private static final int ROWS = 3;
  private static final int CLASSES = 4;
  private static final float[] LOGITS = {
    1.5f, -0.25f, 0.75f, 2, -3, 0.5f, 0, 1.25f, 0.1f, 0.2f, -0.3f, 4
  };
  private static final long[] LABELS = {3, 1, 0};
  private static final float[] TARGETS = {1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 1};
  private static final float[] WEIGHTS = {0.5f, 2, 1.25f};

  private enum Loss {
    CLASSES,
    BINARY,
    SQUARED
  }

  @Test
  void crossEntropyIsTheNegativeLogarithmOfTheSoftmax() {
    assertThat(sum(Loss.CLASSES, LOGITS, true))
        .isCloseTo(
            expected((row, i) -> i == LABELS[row] ? -Math.log(softmax(row, i)) : 0.0),
            within(1e-4));
  }

  @Test
  void binaryCrossEntropyIsTheMeanOverTheClasses() {
    assertThat(sum(Loss.BINARY, LOGITS, true))
        .isCloseTo(
            expected(
                (row, i) -> {
                  double x = LOGITS[row * CLASSES + i];
                  double t = TARGETS[row * CLASSES + i];
                  return (Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0) - t * x) / CLASSES;
                }),
            within(1e-4));
  }

  @Test
  void squaredErrorIsTheMeanOverTheEntries() {
    assertThat(sum(Loss.SQUARED, LOGITS, true))
        .isCloseTo(
            expected(
                (row, i) ->
                    Math.pow(LOGITS[row * CLASSES + i] - TARGETS[row * CLASSES + i], 2) / CLASSES),
            within(1e-3));
  }

  @ParameterizedTest
  @EnumSource(Loss.class)
  void theGradientIsTheSlopeOfTheWeightedSum(Loss loss) {
    float[] gradient;
    try (Scope scope = Scope.open()) {
      gradient = loss(loss, LOGITS, true).logitsGradient().toFloats();
    }
    for (int i = 0; i < LOGITS.length; i++) {
      float[] more = LOGITS.clone();
      float[] less = LOGITS.clone();
      more[i] += 0.01f;
      less[i] -= 0.01f;
      double slope = (sum(loss, more, true) - sum(loss, less, true)) / (more[i] - less[i]);
      assertThat((double) gradient[i]).as("entry %d", i).isCloseTo(slope, within(2e-3));
    }
  }

  @ParameterizedTest
  @EnumSource(Loss.class)
  void withoutWeightsEveryRowCountsOnce(Loss loss) {
    long before = Tensor.live();
    double whole = sum(loss, LOGITS, false);
    double weighted = sum(loss, LOGITS, true);
    assertThat(whole).isNotCloseTo(weighted, within(1e-3));
    float[] ones = {1, 1, 1};
    try (Scope scope = Scope.open()) {
      assertThat(loss(loss, LOGITS, Optional.of(Tensor.of(ones, ROWS))).sum())
          .isCloseTo(whole, within(1e-6));
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static double sum(Loss loss, float[] logits, boolean weighted) {
    try (Scope scope = Scope.open()) {
      return loss(loss, logits, weighted).sum();
    }
  }

  private static ClassLoss.Result loss(Loss loss, float[] logits, boolean weighted) {
    return loss(loss, logits, weighted ? Optional.of(Tensor.of(WEIGHTS, ROWS)) : Optional.empty());
  }

  private static ClassLoss.Result loss(Loss loss, float[] logits, Optional<Tensor> weights) {
    Tensor scores = Tensor.of(logits, ROWS, CLASSES);
    return switch (loss) {
      case CLASSES -> ClassLoss.crossEntropy(scores, Tensor.of(LABELS, ROWS), weights);
      case BINARY ->
          ClassLoss.binaryCrossEntropy(scores, Tensor.of(TARGETS, ROWS, CLASSES), weights);
      case SQUARED -> ClassLoss.squaredError(scores, Tensor.of(TARGETS, ROWS, CLASSES), weights);
    };
  }

  private static double expected(BiFunction<Integer, Integer, Double> entry) {
    double sum = 0;
    for (int row = 0; row < ROWS; row++) {
      for (int i = 0; i < CLASSES; i++) {
        sum += WEIGHTS[row] * entry.apply(row, i);
      }
    }
    return sum;
  }

  private static double softmax(int row, int i) {
    double sum = 0;
    for (int j = 0; j < CLASSES; j++) {
      sum += Math.exp(LOGITS[row * CLASSES + j]);
    }
    return Math.exp(LOGITS[row * CLASSES + i]) / sum;
  }
}

package io.adapt4j.core.internal.task.classification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.task.ClassificationProblem;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Linear layers fitted to features that do not change. */
class HeadFitTest {

  private static final int ROWS = 400;

  @Test
  void numbersAreFittedAsByRidgeRegression() {
    Random random = new Random(1);
    float[] features = new float[ROWS * 2];
    float[] values = new float[ROWS];
    float[] weights = new float[ROWS];
    double mean = 0;
    double square = 0;
    double product = 0;
    double meanValue = 0;
    for (int i = 0; i < ROWS; i++) {
      // The second feature is constant, and says nothing.
      features[2 * i] = (float) (5 + 3 * random.nextGaussian());
      features[2 * i + 1] = 7;
      values[i] = (float) (1000 + 20 * features[2 * i] + random.nextGaussian());
      weights[i] = 1;
      mean += features[2 * i] / ROWS;
      meanValue += values[i] / ROWS;
    }
    for (int i = 0; i < ROWS; i++) {
      square += Math.pow(features[2 * i] - mean, 2) / ROWS;
      product += (features[2 * i] - mean) * (values[i] - meanValue) / ROWS;
    }
    // Least squares of 2 w^2 / 2 (the loss is not halved) with a penalty of 2 * 2 / 400.
    double slope = product / square / (1 + 0.01 / 2);
    long before = Tensor.live();
    HeadFit.Layer layer =
        HeadFit.fit(
            new FrozenFeatures(features, new long[0], values, weights, ROWS),
            new HeadFit.Shape(ClassificationProblem.REGRESSION, 1, 2, true));
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat((double) layer.weight()[0]).isCloseTo(slope, within(0.05));
    assertThat(layer.weight()[1]).isZero();
    assertThat(layer.bias()[0] + layer.weight()[0] * mean).isCloseTo(meanValue, within(0.5));
  }

  @Test
  void rowsCountByTheirWeights() {
    float[] features = {1, 1, 1, 1, -1, -1, -1, -1};
    float[] weights = {1, 1, 1, 0, 1, 1, 1, 0};
    // The rows of weight 0 say the opposite.
    long[] labels = {0, 0, 0, 1, 1, 1, 1, 0};
    HeadFit.Layer layer =
        HeadFit.fit(
            new FrozenFeatures(features, labels, new float[0], weights, 8),
            new HeadFit.Shape(ClassificationProblem.SINGLE_LABEL, 2, 1, true));
    assertThat(layer.weight()[0] - layer.weight()[1]).isGreaterThan(1.5f);
    assertThat(layer.weight()[0]).isCloseTo(-layer.weight()[1], within(1e-3f));
    assertThat(layer.bias()[0]).isCloseTo(layer.bias()[1], within(1e-3f));
  }

  @Test
  void aLayerWithoutABiasIsFittedWithoutOne() {
    float[] features = {4, 1, 5, 2, 1, 4, 2, 5};
    HeadFit.Layer layer =
        HeadFit.fit(
            new FrozenFeatures(
                features, new long[] {0, 0, 1, 1}, new float[0], new float[] {1, 1, 1, 1}, 4),
            new HeadFit.Shape(ClassificationProblem.SINGLE_LABEL, 2, 2, false));
    assertThat(layer.bias()).containsExactly(0, 0);
    assertThat(layer.weight()[0]).isGreaterThan(layer.weight()[2]);
    assertThat(layer.weight()[1]).isLessThan(layer.weight()[3]);
  }

  @Test
  void aLayerWhoseFitWouldTakeTooMuchMemoryIsLeftAlone() {
    assertThat(HeadFit.history(385 * 150)).isEqualTo(10);
    assertThat(HeadFit.history(4097L * 5000)).isLessThan(2);
  }

  @Test
  void theHeldOutLossIsLowWhereFeaturesDecideAndHighWhereTheyDoNot() {
    Random random = new Random(5);
    int rows = 200;
    float[] telling = new float[rows * 2];
    float[] noise = new float[rows * 2];
    long[] labels = new long[rows];
    float[] weights = new float[rows];
    for (int i = 0; i < rows; i++) {
      labels[i] = random.nextInt(2);
      weights[i] = 1;
      for (int j = 0; j < 2; j++) {
        noise[2 * i + j] = (float) random.nextGaussian();
        telling[2 * i + j] = (float) (0.3 * random.nextGaussian() + (labels[i] == j ? 2 : 0));
      }
    }
    HeadFit.Shape shape = new HeadFit.Shape(ClassificationProblem.SINGLE_LABEL, 2, 2, true);
    long live = Tensor.live();
    assertThat(
            HeadFit.heldOutLoss(
                new FrozenFeatures(telling, labels, new float[0], weights, rows), shape))
        .isLessThan(0.2);
    assertThat(
            HeadFit.heldOutLoss(
                new FrozenFeatures(noise, labels, new float[0], weights, rows), shape))
        .isBetween(0.6, 1.0);
    assertThat(Tensor.live()).isEqualTo(live);
  }
}

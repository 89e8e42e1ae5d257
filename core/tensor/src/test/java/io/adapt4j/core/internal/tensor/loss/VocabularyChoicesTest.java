package io.adapt4j.core.internal.tensor.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Log-probabilities of chosen tokens and entropies of what they were chosen from. */
class VocabularyChoicesTest {

  private static final int ROWS = 5;
  private static final int HIDDEN = 8;
  private static final int VOCABULARY = 37;

  @Test
  void anEntropyIsTheMeanSurpriseOfTheDistribution() {
    SplittableRandom random = new SplittableRandom(3);
    float[] states = floats(random, ROWS * HIDDEN);
    float[] weights = floats(random, VOCABULARY * HIDDEN);
    long[] targets = random.longs(ROWS, 0, VOCABULARY).toArray();
    try (Scope scope = Scope.open()) {
      VocabularyLoss.Choices found = choices(states, weights, targets);
      float[] entropies = found.entropies().toFloats();
      float[] logProbs = found.logProbabilities().toFloats();
      for (int row = 0; row < ROWS; row++) {
        double[] p = softmax(states, weights, row);
        double entropy = 0;
        for (double value : p) {
          entropy -= value * Math.log(value);
        }
        assertThat((double) entropies[row]).isCloseTo(entropy, within(1e-5));
        assertThat((double) logProbs[row]).isCloseTo(Math.log(p[(int) targets[row]]), within(1e-5));
      }
    }
  }

  @Test
  void theEntropyOfAnEvenChoiceIsTheLogarithmOfItsSize() {
    try (Scope scope = Scope.open()) {
      float[] even = new float[VOCABULARY * HIDDEN];
      float[] found =
          choices(floats(new SplittableRandom(1), ROWS * HIDDEN), even, new long[ROWS])
              .entropies()
              .toFloats();
      for (float value : found) {
        assertThat((double) value).isCloseTo(Math.log(VOCABULARY), within(1e-6));
      }
    }
  }

  private static VocabularyLoss.Choices choices(float[] states, float[] weights, long[] targets) {
    Parameter head = Parameter.of("head", VOCABULARY, HIDDEN);
    head.allocate(DType.F32);
    try (Tensor values = Tensor.of(weights, VOCABULARY, HIDDEN)) {
      head.value().copyFrom(values);
    }
    try {
      return VocabularyLoss.choices(
          Tensor.of(states, ROWS, HIDDEN),
          new VocabularyHead(head, null, 1, 0),
          Tensor.of(targets, ROWS));
    } finally {
      head.close();
    }
  }

  private static float[] floats(SplittableRandom random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double[] softmax(float[] states, float[] weights, int row) {
    double[] p = new double[VOCABULARY];
    double sum = 0;
    for (int v = 0; v < VOCABULARY; v++) {
      double logit = 0;
      for (int i = 0; i < HIDDEN; i++) {
        logit += (double) states[row * HIDDEN + i] * weights[v * HIDDEN + i];
      }
      p[v] = Math.exp(logit);
      sum += p[v];
    }
    for (int v = 0; v < VOCABULARY; v++) {
      p[v] /= sum;
    }
    return p;
  }
}

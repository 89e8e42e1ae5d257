package io.adapt4j.core.internal.tensor.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  @ParameterizedTest
  @CsvSource({"1, 0", "0.5, 3"})
  void theGradientIsThatOfDifferences(double scale, double cap) {
    SplittableRandom random = new SplittableRandom(5);
    float[] states = floats(random, ROWS * HIDDEN);
    long[] targets = random.longs(ROWS, 0, VOCABULARY).toArray();
    float[] byLogProbs = floats(random, ROWS);
    float[] byEntropies = floats(random, ROWS);
    try (Scope scope = Scope.open();
        Parameter weight = Parameter.of("head", VOCABULARY, HIDDEN)) {
      weight.allocate(DType.F32);
      weight.value().copyFrom(Tensor.of(floats(random, VOCABULARY * HIDDEN), VOCABULARY, HIDDEN));
      VocabularyHead head = new VocabularyHead(weight, null, scale, cap);
      float[] found =
          VocabularyChoices.backward(
                  Tensor.of(states, ROWS, HIDDEN),
                  head,
                  Tensor.of(targets, ROWS),
                  byLogProbs,
                  byEntropies,
                  2)
              .toFloats();
      for (int i = 0; i < states.length; i++) {
        float[] more = states.clone();
        float[] less = states.clone();
        more[i] += 1e-2f;
        less[i] -= 1e-2f;
        double expected =
            (loss(head, more, targets, byLogProbs, byEntropies)
                    - loss(head, less, targets, byLogProbs, byEntropies))
                / ((double) more[i] - less[i]);
        assertThat((double) found[i]).isCloseTo(2 * expected, within(2e-2));
      }
    }
  }

  private static double loss(
      VocabularyHead head,
      float[] states,
      long[] targets,
      float[] byLogProbs,
      float[] byEntropies) {
    VocabularyLoss.Choices choices =
        VocabularyLoss.choices(Tensor.of(states, ROWS, HIDDEN), head, Tensor.of(targets, ROWS));
    double sum = 0;
    for (int row = 0; row < ROWS; row++) {
      sum += byLogProbs[row] * (double) choices.logProbabilities().toFloats()[row];
      sum += byEntropies[row] * (double) choices.entropies().toFloats()[row];
    }
    return sum;
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

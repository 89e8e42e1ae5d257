package io.adapt4j.core.internal.tensor.loss;

import static io.adapt4j.core.Floats.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The chunked cross-entropy against a softmax of all logits in double precision. */
class VocabularyLossTest {

  private static final int ROWS = 37;
  private static final int WIDTH = 12;
  private static final int VOCABULARY = 50;
  private static final double SCALE = 0.25;

  private final Random random = new Random(11);
  private final float[] hidden = normal(random, ROWS * WIDTH);
  private final float[] head = normal(random, VOCABULARY * WIDTH);
  private final long[] targets = random.longs(ROWS, 0, VOCABULARY).toArray();

  private double sum;
  private final double[] hiddenGradient = new double[ROWS * WIDTH];
  private final double[] headGradient = new double[VOCABULARY * WIDTH];

  @ParameterizedTest
  @ValueSource(longs = {1, 5, 16, 36, 37, 1000})
  void fp32ValuesAndGradientsEqualThePlainFormForAnyChunk(long chunk) {
    expect();
    check(DType.F32, chunk, 1e-4, 1e-5);
  }

  @ParameterizedTest
  @ValueSource(longs = {5, 1000})
  void bf16ValuesAndGradientsAreWithinItsRounding(long chunk) {
    roundToBf16(hidden);
    roundToBf16(head);
    expect();
    // bf16 keeps 8 bits: logits of size 4 are off by up to 2^-6 each.
    check(DType.BF16, chunk, 0.01 * ROWS, 0.03);
  }

  @ParameterizedTest
  @ValueSource(longs = {5, 1000})
  void gradientsAddToTheHeadsAndAFrozenHeadGetsNone(long chunk) {
    expect();
    try (Scope scope = Scope.open();
        Parameter weight = head(DType.F32)) {
      Tensor input = Tensor.of(hidden, ROWS, WIDTH);
      Tensor labels = Tensor.of(targets, ROWS);
      float[] frozen =
          VocabularyLoss.forwardBackward(input, VocabularyHead.of(weight), labels, SCALE, chunk)
              .hiddenGradient()
              .toFloats();
      assertThat(weight.gradient()).isNull();
      assertClose(frozen, hiddenGradient, 1e-5);
      weight.train();
      VocabularyLoss.forwardBackward(input, VocabularyHead.of(weight), labels, SCALE, chunk);
      VocabularyLoss.forwardBackward(input, VocabularyHead.of(weight), labels, SCALE, chunk);
      double[] twice = new double[headGradient.length];
      for (int i = 0; i < twice.length; i++) {
        twice[i] = 2 * headGradient[i];
      }
      assertClose(weight.gradient().toFloats(), twice, 2e-5);
    }
  }

  private void check(DType type, long chunk, double sumTolerance, double gradientTolerance) {
    try (Scope scope = Scope.open();
        Parameter weight = head(type)) {
      weight.train();
      Tensor input = Tensor.of(hidden, ROWS, WIDTH).copyAs(type);
      Tensor labels = Tensor.of(targets, ROWS);
      VocabularyLoss.Result found =
          VocabularyLoss.forwardBackward(input, VocabularyHead.of(weight), labels, SCALE, chunk);
      assertThat(found.sum()).isCloseTo(sum, within(sumTolerance));
      assertThat(VocabularyLoss.evaluate(input, VocabularyHead.of(weight), labels))
          .isCloseTo(sum, within(sumTolerance));
      assertClose(found.hiddenGradient().toFloats(), hiddenGradient, gradientTolerance);
      assertClose(weight.gradient().toFloats(), headGradient, gradientTolerance);
    }
  }

  private Parameter head(DType type) {
    Parameter weight = Parameter.of("lm_head.weight", VOCABULARY, WIDTH);
    weight.allocate(type);
    weight.value().copyFrom(Tensor.of(head, VOCABULARY, WIDTH));
    return weight;
  }

  /** The loss by its definition: -log softmax(h W')[target], and its derivatives. */
  private void expect() {
    for (int row = 0; row < ROWS; row++) {
      double[] p = softmax(row);
      int target = (int) targets[row];
      sum -= Math.log(p[target]);
      p[target] -= 1;
      for (int v = 0; v < VOCABULARY; v++) {
        for (int i = 0; i < WIDTH; i++) {
          hiddenGradient[row * WIDTH + i] += SCALE * p[v] * head[v * WIDTH + i];
          headGradient[v * WIDTH + i] += SCALE * p[v] * hidden[row * WIDTH + i];
        }
      }
    }
  }

  private double[] softmax(int row) {
    double[] p = new double[VOCABULARY];
    double total = 0;
    for (int v = 0; v < VOCABULARY; v++) {
      double logit = 0;
      for (int i = 0; i < WIDTH; i++) {
        logit += (double) hidden[row * WIDTH + i] * head[v * WIDTH + i];
      }
      p[v] = Math.exp(logit);
      total += p[v];
    }
    for (int v = 0; v < VOCABULARY; v++) {
      p[v] /= total;
    }
    return p;
  }

  private static void roundToBf16(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(Float.floatToRawIntBits(values[i]) & 0xFFFF0000);
    }
  }

  private static void assertClose(float[] found, double[] expected, double tolerance) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      assertThat((double) found[i]).as("[" + i + "]").isCloseTo(expected[i], within(tolerance));
    }
  }
}

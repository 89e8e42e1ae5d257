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
import org.junit.jupiter.params.provider.CsvSource;

/** The chunked divergence against softmaxes of all logits in double precision. */
class VocabularyDivergenceTest {

  private static final int ROWS = 37;
  private static final int WIDTH = 12;
  private static final int VOCABULARY = 50;
  private static final double FACTOR = 0.25;

  private final Random random = new Random(11);
  private final float[] hidden = normal(random, ROWS * WIDTH);
  private final float[] weight = normal(random, VOCABULARY * WIDTH);
  private final float[] bias = normal(random, VOCABULARY);
  private final float[] baseHidden = normal(random, ROWS * WIDTH);
  private final float[] baseWeight = normal(random, VOCABULARY * WIDTH);

  @ParameterizedTest
  @CsvSource({"1, 1, 0", "16, 1, 0", "37, 0.5, 0", "1000, 0.5, 3", "5, 1, 3"})
  void valueAndGradientsEqualThePlainForm(long chunk, double scale, double cap) {
    try (Scope scope = Scope.open();
        Parameter head = parameter("head", weight, VOCABULARY, WIDTH);
        Parameter headBias = parameter("bias", bias, VOCABULARY);
        Parameter baseHead = parameter("base", baseWeight, VOCABULARY, WIDTH)) {
      head.train();
      headBias.train();
      VocabularyLoss.Result found =
          VocabularyDivergence.forwardBackward(
              Tensor.of(hidden, ROWS, WIDTH),
              new VocabularyHead(head, headBias, scale, cap),
              Tensor.of(baseHidden, ROWS, WIDTH),
              new VocabularyHead(baseHead, headBias, scale, cap),
              FACTOR,
              chunk);
      double sum = 0;
      double[] hiddenGradient = new double[ROWS * WIDTH];
      double[] weightGradient = new double[VOCABULARY * WIDTH];
      double[] biasGradient = new double[VOCABULARY];
      for (int row = 0; row < ROWS; row++) {
        double[] raw = scores(hidden, weight, row);
        double[] p = probabilities(raw, scale, cap);
        double[] q = probabilities(scores(baseHidden, baseWeight, row), scale, cap);
        for (int v = 0; v < VOCABULARY; v++) {
          sum += q[v] * Math.log(q[v] / p[v]);
          double tanh = cap > 0 ? Math.tanh(scale * raw[v] / cap) : 0;
          double d = FACTOR * (p[v] - q[v]) * (1 - tanh * tanh) * scale;
          biasGradient[v] += d;
          for (int i = 0; i < WIDTH; i++) {
            hiddenGradient[row * WIDTH + i] += d * weight[v * WIDTH + i];
            weightGradient[v * WIDTH + i] += d * hidden[row * WIDTH + i];
          }
        }
      }
      assertThat(found.sum()).isCloseTo(sum, within(1e-4 * sum));
      assertClose(found.hiddenGradient().toFloats(), hiddenGradient);
      assertClose(head.gradient().toFloats(), weightGradient);
      assertClose(headBias.gradient().toFloats(), biasGradient);
      assertThat(baseHead.gradient()).isNull();
    }
  }

  private double[] scores(float[] states, float[] matrix, int row) {
    double[] scores = new double[VOCABULARY];
    for (int v = 0; v < VOCABULARY; v++) {
      scores[v] = bias[v];
      for (int i = 0; i < WIDTH; i++) {
        scores[v] += (double) states[row * WIDTH + i] * matrix[v * WIDTH + i];
      }
    }
    return scores;
  }

  private static double[] probabilities(double[] raw, double scale, double cap) {
    double[] p = new double[raw.length];
    double total = 0;
    for (int v = 0; v < raw.length; v++) {
      double score = scale * raw[v];
      p[v] = Math.exp(cap > 0 ? cap * Math.tanh(score / cap) : score);
      total += p[v];
    }
    for (int v = 0; v < raw.length; v++) {
      p[v] /= total;
    }
    return p;
  }

  static Parameter parameter(String name, float[] values, long... sizes) {
    Parameter parameter = Parameter.of(name, sizes);
    parameter.allocate(DType.F32);
    try (Tensor content = Tensor.of(values, sizes)) {
      parameter.value().copyFrom(content);
    }
    return parameter;
  }

  private static void assertClose(float[] found, double[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      assertThat((double) found[i]).as("[" + i + "]").isCloseTo(expected[i], within(2e-5));
    }
  }
}

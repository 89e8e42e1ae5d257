package io.adapt4j.core.internal.tensor.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Cross-entropy with smoothed targets, against its definition and differences of it. */
class SmoothedLossTest {

  private static final float[] WEIGHT = {0.3f, -1, 0.5f, 0.7f, 2, -0.4f, -0.9f, 0.1f};
  private static final float[] HIDDEN = {0.5f, -1.5f, 1, 0.25f, -2, 0.75f};
  private static final long[] TARGETS = {2, 0, 3};
  private static final float[] WEIGHTS = {1, 0.5f, 2};
  private static final double SMOOTHING = 0.3;

  @Test
  void sumAndGradientAreThoseOfTheDefinition() {
    Parameter weight = Parameter.of("weight", 4, 2);
    try (Scope scope = Scope.open()) {
      weight.allocate(DType.F32);
      weight.value().copyFrom(Tensor.of(WEIGHT, 4, 2));
      VocabularyLoss.Result found =
          VocabularyLoss.forwardBackward(
              Tensor.of(HIDDEN, 3, 2),
              new VocabularyHead(weight, null, 0.5, 0),
              Tensor.of(TARGETS, 3),
              List.of(Tensor.of(WEIGHTS, 3)),
              SMOOTHING,
              1);
      assertThat(found.sum()).isCloseTo(loss(HIDDEN), within(1e-5));
      float[] gradient = found.hiddenGradient().toFloats();
      for (int i = 0; i < HIDDEN.length; i++) {
        float[] up = HIDDEN.clone();
        float[] down = HIDDEN.clone();
        up[i] += 0.01f;
        down[i] -= 0.01f;
        assertThat((double) gradient[i]).isCloseTo((loss(up) - loss(down)) / 0.02, within(1e-3));
      }
    } finally {
      weight.close();
    }
  }

  private static double loss(float[] hidden) {
    double sum = 0;
    for (int row = 0; row < 3; row++) {
      double[] logits = new double[4];
      double all = 0;
      for (int token = 0; token < 4; token++) {
        logits[token] =
            0.5
                * (hidden[2 * row] * WEIGHT[2 * token]
                    + hidden[2 * row + 1] * WEIGHT[2 * token + 1]);
        all += Math.exp(logits[token]);
      }
      for (int token = 0; token < 4; token++) {
        double share = SMOOTHING / 4 + (token == TARGETS[row] ? 1 - SMOOTHING : 0);
        sum += WEIGHTS[row] * share * (Math.log(all) - logits[token]);
      }
    }
    return sum;
  }
}

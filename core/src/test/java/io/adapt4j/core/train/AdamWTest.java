package io.adapt4j.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.engine.Parameter.Trained;
import io.adapt4j.core.engine.Scope;
import io.adapt4j.core.engine.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/** AdamW against its formula, worked out in double precision. */
class AdamWTest {

  private static final AdamW.Options OPTIONS = new AdamW.Options(0.9, 0.99, 1e-8, 0.1);
  private static final double RATE = 0.01;

  @Test
  void weightsAreDecayedAndMovedWhileBiasesAreOnlyMoved() {
    try (Scope scope = Scope.open()) {
      Trained weight = trained("layer.q_proj.weight", 2f, -1f);
      Trained bias = trained("layer.q_proj.bias", 2f, -1f);
      try (AdamW optimizer = new AdamW(List.of(bias, weight), OPTIONS)) {
        gradient(weight, 0.5f, -3f);
        gradient(bias, 0.5f, -3f);
        optimizer.step(RATE);
        gradient(weight, -1f, 1f);
        gradient(bias, -1f, 1f);
        optimizer.step(RATE);
      }
      assertThat(weight.value().toFloats())
          .containsExactly(
              new float[] {expected(2, 0.1, 0.5, -1), expected(-1, 0.1, -3, 1)}, within(1e-6f));
      assertThat(bias.value().toFloats())
          .containsExactly(
              new float[] {expected(2, 0, 0.5, -1), expected(-1, 0, -3, 1)}, within(1e-6f));
    }
  }

  @Test
  void aRunWithoutBiasesOrWithoutWeightsIsFine() {
    try (Scope scope = Scope.open()) {
      for (String name : List.of("layer.q_proj.weight", "model.norm.weight")) {
        Trained one = trained(name, 1f, 1f);
        gradient(one, 1f, 1f);
        try (AdamW optimizer = new AdamW(List.of(one), OPTIONS)) {
          optimizer.step(RATE);
        }
        assertThat(one.value().toFloats()[0]).as(name).isLessThan(1f);
      }
    }
  }

  private static Trained trained(String name, float... values) {
    return new Trained(
        name, Tensor.of(values, values.length), Tensor.of(new float[values.length], values.length));
  }

  private static void gradient(Trained one, float... values) {
    one.gradient().copyFrom(Tensor.of(values, values.length));
  }

  private static float expected(double value, double decay, double... gradients) {
    double p = value;
    double mean = 0;
    double square = 0;
    for (int i = 0; i < gradients.length; i++) {
      mean = 0.9 * mean + 0.1 * gradients[i];
      square = 0.99 * square + 0.01 * gradients[i] * gradients[i];
      p -= RATE * decay * p;
      double corrected = Math.sqrt(square / (1 - Math.pow(0.99, i + 1))) + 1e-8;
      p -= RATE * mean / (1 - Math.pow(0.9, i + 1)) / corrected;
    }
    return (float) p;
  }
}

package io.adapt4j.lora.internal.layer;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An update may start so that a layer's outputs vanish for some inputs. */
class LeastOutputsTest {

  private static final int ROWS = 40;
  private static final int IN = 12;
  private static final int OUT = 7;

  private final Random random = new Random(3);

  private Tensor gaussian(int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, rows, columns);
  }

  private static double largest(Tensor values) {
    double largest = 0;
    for (float value : values.toFloats()) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  /** Outputs with the update, for A of 1s and B of 0s before. */
  private static Tensor updated(Tensor inputs, Tensor outputs, int rank, double scale) {
    Tensor a = Tensor.of(filled(rank * IN, 1), rank, IN);
    Tensor b = Tensor.of(filled(OUT * rank, 0), OUT, rank);
    LeastOutputs.fill(a, b, inputs, outputs, scale);
    return outputs.plus(inputs.times(a.transposed()).times(b.transposed()).scaled(scale));
  }

  private static float[] filled(int count, float value) {
    float[] values = new float[count];
    Arrays.fill(values, value);
    return values;
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 12, 64})
  void theyVanishWhereTheInputsHaveNoMoreDirectionsThanTheRank(int rank) {
    long live = Tensor.live();
    try (Scope scope = Scope.open()) {
      Tensor inputs = gaussian(ROWS, 3).times(gaussian(3, IN));
      Tensor outputs = inputs.times(gaussian(IN, OUT));
      assertThat(largest(outputs)).isGreaterThan(1);
      assertThat(largest(updated(inputs, outputs, rank, 2))).isLessThan(1e-3);
    }
    assertThat(Tensor.live()).isEqualTo(live);
  }

  @Test
  void aConstantPartOfTheOutputsVanishesWhereInputsHaveAMean() {
    try (Scope scope = Scope.open()) {
      Tensor inputs = gaussian(ROWS, IN).scaled(0.01).plus(Tensor.of(filled(IN, 3), IN));
      Tensor outputs = inputs.times(gaussian(IN, OUT)).plus(Tensor.of(filled(OUT, 5), OUT));
      assertThat(largest(updated(inputs, outputs, 1, 0.5))).isLessThan(0.02 * largest(outputs));
    }
  }

  @Test
  void inputsOfZerosLeaveTheUpdateAsItWas() {
    try (Scope scope = Scope.open()) {
      Tensor inputs = Tensor.of(filled(ROWS * IN, 0), ROWS, IN);
      Tensor outputs = gaussian(ROWS, OUT);
      assertThat(updated(inputs, outputs, 2, 1).toFloats()).isEqualTo(outputs.toFloats());
    }
  }
}

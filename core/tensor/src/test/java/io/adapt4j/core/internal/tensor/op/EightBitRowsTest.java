package io.adapt4j.core.internal.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vectors in 8 bits with a scale each. */
class EightBitRowsTest {

  private static final int ROWS = 50;

  /** Widths that are and are not multiples of four, as the scale stands behind the entries. */
  @ParameterizedTest
  @ValueSource(ints = {1, 6, 64, 80})
  void anEntryIsOffByAtMostHalfAStepOfItsOwnVector(int width) {
    float[] values = new float[ROWS * width];
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextDouble(-1, 1) * Math.pow(10, i / width % 9 - 4));
    }
    try (Scope scope = Scope.open()) {
      Tensor rows = EightBitRows.of(Tensor.of(values, 1, 2, ROWS / 2, width));
      assertThat(rows.sizes()).containsExactly(1, 2, ROWS / 2, EightBitRows.width(width));
      assertThat(rows.type()).isEqualTo(DType.U8);
      float[] restored = EightBitRows.restored(rows).toFloats();
      for (int row = 0; row < ROWS; row++) {
        double most = 0;
        for (int i = row * width; i < (row + 1) * width; i++) {
          most = Math.max(most, Math.abs(values[i]));
        }
        for (int i = row * width; i < (row + 1) * width; i++) {
          assertThat(Math.abs((double) restored[i] - values[i]))
              .isLessThanOrEqualTo(most / 127 * 0.50001);
        }
      }
    }
  }

  @Test
  void zerosStayZerosAndWhatIsNotFiniteShows() {
    float[] values = {0, 0, 0, 1, Float.NaN, 2, 1e-40f, 0, 0, Float.NEGATIVE_INFINITY, 1, 1};
    try (Scope scope = Scope.open()) {
      Tensor rows = EightBitRows.of(Tensor.of(values, 4, 3));
      float[] restored = EightBitRows.restored(rows).toFloats();
      for (int i : new int[] {0, 1, 2, 6, 7, 8}) {
        assertThat(restored[i]).isZero();
      }
      assertThat(restored[3]).isNaN();
      assertThat(restored[10]).isNaN();
    }
  }
}

package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import java.util.Arrays;

/**
 * Rotary positions by row and column: half of a head's angles by each.
 *
 * @param rows angle of each row step, a quarter of the width of a head
 * @param columns angle of each column step, as many
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record GridRotary(float[] rows, float[] columns) {

  /** Creates the same frequencies for rows and columns. */
  static GridRotary equal(int headWidth, double theta) {
    float[] all = new float[headWidth / 4];
    for (int i = 0; i < all.length; i++) {
      all[i] = (float) (1 / Math.pow(theta, (double) i / all.length));
    }
    return new GridRotary(all, all);
  }

  /** Creates frequencies of which rows have the even ones and columns the odd ones. */
  static GridRotary alternating(int headWidth, double theta) {
    float[] even = new float[headWidth / 4];
    float[] odd = new float[even.length];
    for (int i = 0; i < even.length; i++) {
      even[i] = (float) (1 / Math.pow(theta, 4.0 * i / headWidth));
      odd[i] = (float) (1 / Math.pow(theta, (4.0 * i + 2) / headWidth));
    }
    return new GridRotary(even, odd);
  }

  /**
   * Computes cosines and sines.
   *
   * @param places positions of patches in row-major order
   * @param gridColumns columns of the grid
   * @param sizes sizes of the tables without the last, the width of half a head
   */
  RotaryTable table(long[] places, int gridColumns, DType type, long... sizes) {
    int quarter = rows.length;
    float[] cos = new float[places.length * 2 * quarter];
    float[] sin = new float[cos.length];
    for (int i = 0; i < places.length; i++) {
      long row = places[i] / gridColumns;
      long column = places[i] % gridColumns;
      for (int k = 0; k < 2 * quarter; k++) {
        float angle = k < quarter ? row * rows[k] : column * columns[k - quarter];
        cos[i * 2 * quarter + k] = (float) Math.cos(angle);
        sin[i * 2 * quarter + k] = (float) Math.sin(angle);
      }
    }
    long[] all = Arrays.copyOf(sizes, sizes.length + 1);
    all[sizes.length] = 2L * quarter;
    return new RotaryTable(typed(cos, type, all), typed(sin, type, all));
  }

  private static Tensor typed(float[] values, DType type, long... sizes) {
    Tensor made = Tensor.of(values, sizes);
    return type == DType.F32 ? made : made.copyAs(type);
  }
}

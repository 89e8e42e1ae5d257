package io.adapt4j.core.internal.tensor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Dynamic 8-bit quantization code (Dettmers 2016): 256 values in [-1, 1] or [0, 1] whose spacing is
 * proportional to their size, over seven decades. The creator closes it.
 */
public record DynamicCode(Tensor values, Tensor borders) implements AutoCloseable {

  private static final int DECADES = 7;
  private static final int VALUES = 256;

  /**
   * Creates the code for signed numbers.
   *
   * @return values in [-1, 1]
   */
  public static DynamicCode signed() {
    return of(table(true));
  }

  /**
   * Creates the code for non-negative numbers.
   *
   * @return values in [0, 1]
   */
  public static DynamicCode unsigned() {
    return of(table(false));
  }

  private static DynamicCode of(float[] table) {
    float[] borders = new float[table.length - 1];
    for (int i = 0; i < borders.length; i++) {
      borders[i] = (table[i] + table[i + 1]) / 2;
    }
    return new DynamicCode(
        Tensor.of(table, table.length).own(), Tensor.of(borders, borders.length).own());
  }

  /** Returns the values. Decade i has 2^i fractions (twice as many if unsigned), from 0.1 to 1. */
  private static float[] table(boolean signed) {
    List<Double> values = new ArrayList<>();
    for (int decade = 0; decade < DECADES; decade++) {
      int fractions = 1 << (signed ? decade : decade + 1);
      double scale = Math.pow(10, decade - (DECADES - 1));
      for (int i = 0; i < fractions; i++) {
        double value = scale * (0.1 + 0.9 * (i + 0.5) / fractions);
        values.add(value);
        if (signed) {
          values.add(-value);
        }
      }
    }
    values.add(1.0);
    while (values.size() < VALUES) {
      values.add(0.0);
    }
    Collections.sort(values);
    float[] table = new float[VALUES];
    for (int i = 0; i < VALUES; i++) {
      table[i] = values.get(i).floatValue();
    }
    return table;
  }

  @Override
  public void close() {
    values.close();
    borders.close();
  }
}

package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;

/**
 * Cosines and sines of rotary position embedding for some positions. The creator closes it. Shape
 * of {@code cos}: [T, D / 2], or [B, 1, T, D / 2] if rows have different positions.
 */
public record RotaryTable(Tensor cos, Tensor sin) implements AutoCloseable {

  private static final Operator ROTARY_TABLE = Operator.core("rotary_table");
  private static final Operator GROWING_TABLE = Operator.core("growing_rotary_table");

  /**
   * Computes a table in fp32 and stores it in the compute type.
   *
   * @param positions I64 [T] or [B, T]
   */
  public static RotaryTable of(
      Tensor positions, Tensor inverseFrequencies, double factor, DType type) {
    Tensor[] made = ROTARY_TABLE.tensors(positions, inverseFrequencies, factor, type);
    return new RotaryTable(made[0].own(), made[1].own());
  }

  /**
   * Multiplies cosines and sines by a factor of each position: 1 + beta log(1 + floor(position /
   * length)).
   *
   * @param positions I64 [T] or [B, T], as passed to {@link #of}
   */
  public RotaryTable growing(Tensor positions, double beta, long length) {
    Tensor[] made = GROWING_TABLE.tensors(cos, sin, positions, beta, length);
    return new RotaryTable(made[0].own(), made[1].own());
  }

  @Override
  public void close() {
    cos.close();
    sin.close();
  }
}

package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;

/**
 * Vectors in 8 bits: each entry is a whole number from -127 to 127, in a byte, and the vector's
 * scale, its largest magnitude divided by 127, stands in four bytes behind its entries. An entry is
 * off by at most half the scale.
 */
public final class EightBitRows {

  private static final Operator ROUND = Operator.core("to_eight_bits");
  private static final Operator RESTORE = Operator.core("of_eight_bits");

  private EightBitRows() {}

  /** {@return the number of bytes of a vector} */
  public static long width(long entries) {
    return entries + Float.BYTES;
  }

  /**
   * Rounds vectors.
   *
   * @param x [.., D]
   * @return bytes [.., D + 4]
   */
  public static Tensor of(Tensor x) {
    return ROUND.tensor(x);
  }

  /** Restores vectors [.., D]. */
  public static Tensor restored(Tensor rows, DType type) {
    return RESTORE.tensor(rows, (long) type.code());
  }
}

package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;

/**
 * Vectors in 8 bits: each entry is a whole number from -127 to 127, in a byte, and the vector's
 * scale, its largest magnitude divided by 127, takes four bytes after its entries. An entry is off
 * by at most half the scale.
 */
public final class EightBitRows {

  private static final Operator ROUND = Operator.core("to_eight_bits");
  private static final Operator RESTORE = Operator.core("of_eight_bits");

  /** Number of tokens that a script restores at once, which takes four bytes an entry. */
  private static final long PART = 1024;

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

  /** Restores vectors, F32 [.., D]. */
  static Tensor restored(Tensor rows) {
    return RESTORE.tensor(rows);
  }

  /**
   * Restores the vectors of some tokens into a tensor, a part at a time.
   *
   * @param rows bytes [B, H, S, D + 4], of which {@code count} tokens from {@code from} on are read
   * @param y [B, H, T, D], written from {@code place} on
   */
  public static void restore(Tensor rows, long from, long count, Tensor y, long place) {
    HostKernels kernels = FusedOps.restoring(y);
    if (kernels != null) {
      y.engine().runs(RESTORE, () -> kernels.restore(rows, from, count, y, place));
      return;
    }
    for (long at = 0; at < count; at += PART) {
      try (Scope scope = Scope.open()) {
        long some = Math.min(PART, count - at);
        y.narrow(2, place + at, some).copyFrom(restored(rows.narrow(2, from + at, some)));
      }
    }
  }
}

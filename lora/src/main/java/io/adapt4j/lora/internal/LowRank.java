package io.adapt4j.core.internal.tensor;

import java.util.List;

/**
 * What surrounds {@link Ops#lowRank}: several updates of one weight, each of its own rank, rows and
 * scale, packed into one pair of factors.
 *
 * <p>In the packed pair the ranks lie one after the other: a is [sum of ranks, in], the first
 * factors below each other; b is [out, sum of ranks] with the scaled second factor of update i in
 * its columns and in the rows it writes, and zero elsewhere.
 */
public final class LowRank {

  private static final Operator LOW_RANK_COMPOSE = Operator.core("low_rank_compose");
  private static final Operator LOW_RANK_ACCUMULATE = Operator.core("low_rank_accumulate");
  private static final Operator LOW_RANK_MERGE = Operator.core("low_rank_merge");

  private LowRank() {}

  /**
   * Where the updates stand in the packed second factor, and how they are scaled.
   *
   * @param starts first row of each
   * @param scales factor of each
   */
  @SuppressWarnings("ArrayRecordComponent") // handed straight to libtorch, never compared
  public record Layout(long[] starts, double[] scales) {}

  /**
   * Writes scaled B matrices into the packed one.
   *
   * @param packed b; entries outside the updates' blocks are left as they are
   * @param factors one [rows, rank] an update
   * @param layout their places
   */
  public static void pack(Tensor packed, List<Tensor> factors, Layout layout) {
    LOW_RANK_COMPOSE.run(packed, factors, layout.starts(), layout.scales());
  }

  /**
   * Adds the gradients by the packed factors to those of the updates.
   *
   * @param da gradient by a
   * @param db gradient by b
   * @param first F32 gradients of the first factors, below each other
   * @param second F32 gradients of the B matrices
   * @param layout their places
   */
  public static void accumulate(
      Tensor da, Tensor db, Tensor first, List<Tensor> second, Layout layout) {
    LOW_RANK_ACCUMULATE.run(da, db, first, second, layout.starts(), layout.scales());
  }

  /**
   * Adds an update to a weight in place; computed in F32 and rounded once.
   *
   * @param weight [rows, in], any floating type
   * @param a F32 [rank, in]
   * @param b F32 [rows, rank]
   * @param scale multiplies b a
   */
  public static void merge(Tensor weight, Tensor a, Tensor b, double scale) {
    LOW_RANK_MERGE.run(weight, a, b, scale);
  }
}

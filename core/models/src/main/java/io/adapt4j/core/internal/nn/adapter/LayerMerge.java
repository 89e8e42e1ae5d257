package io.adapt4j.core.internal.nn.adapter;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Merge of an adapter into one projection at a time, without loading the whole model. */
public interface LayerMerge extends AutoCloseable {

  /**
   * A tensor in an adapter's file.
   *
   * @param file the open file, which the merge closes
   */
  record Stored(Checkpoint file, String name) {}

  /**
   * A low-rank update: scale b a.
   *
   * @param a row by row, [rank, in]
   * @param b row by row, [out, rank]
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Product(int rank, float[] a, float[] b, double scale) {}

  /** Returns whether a projection's weight or bias changes. */
  boolean changes(String path);

  /**
   * Merges the adapter into a projection.
   *
   * @param projection a layer with one part that starts at output 0, in fp32, filled with the
   *     base's values; the caller closes it
   */
  void merge(DenseLinear projection);

  /**
   * {@return the reason why the adapter is more than low-rank updates of projections; empty if it
   * is not}
   */
  Optional<String> moreThanProducts();

  /** Returns the low-rank update of a projection. */
  Product product(DenseLinear projection);

  /** {@return the paths of the adapted projections, in the order of the model} */
  List<String> paths();

  /** {@return alpha, the numerator of the scale of most projections} */
  double alpha();

  /** {@return the base tensors that the adapter replaces, in the layout of the base} */
  Map<String, Stored> own();

  /** {@return whether a tied output head is untied} */
  boolean untiesHead();

  /** Closes the adapter's file. */
  @Override
  void close();
}

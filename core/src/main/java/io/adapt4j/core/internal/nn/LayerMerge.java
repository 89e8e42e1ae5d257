package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An adapter that is merged into one projection after the other, so that no model need be in
 * memory.
 */
public interface LayerMerge extends AutoCloseable {

  /**
   * A tensor in an adapter's file.
   *
   * @param file the open file; the merge closes it
   */
  record Stored(Checkpoint file, String name) {}

  /**
   * An update that is a product: scale b a.
   *
   * @param a row by row, [rank, in]
   * @param b row by row, [out, rank]
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Product(int rank, float[] a, float[] b, double scale) {}

  /** Returns whether a projection's weight or bias changes. */
  boolean changes(String path);

  /**
   * Writes the adapter into a projection.
   *
   * @param projection a layer of one part at its first output, in fp32, filled with the base's
   *     values; the caller closes it
   */
  void merge(DenseLinear projection);

  /** {@return why the adapter is more than products beside projections; empty if it is not} */
  Optional<String> moreThanProducts();

  /** Returns the update of a projection. */
  Product product(DenseLinear projection);

  /** {@return the paths of the projections that it changes, in the order of the model} */
  List<String> paths();

  /** {@return alpha, the numerator of the scale of most projections} */
  double alpha();

  /**
   * {@return the base tensors that the adapter has values of its own for, laid out as in a base}
   */
  Map<String, Stored> own();

  /** {@return whether a tied output head becomes a matrix of its own} */
  boolean untiesHead();

  /** Closes the adapter's file. */
  @Override
  void close();
}

package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import java.util.Map;

/**
 * An adapter that is merged into one projection after the other, so that no model need be in
 * memory.
 */
public interface LayerMerge extends AutoCloseable {

  /**
   * A tensor in an adapter's file.
   *
   * @param file the open file; the merge closes it
   * @param name the tensor's name there
   */
  record Stored(Checkpoint file, String name) {}

  /**
   * Returns whether a projection's weight or bias changes.
   *
   * @param path its module path
   * @return whether {@link #merge} does anything to it
   */
  boolean changes(String path);

  /**
   * Writes the adapter into a projection.
   *
   * @param projection a layer of one part at its first output, in fp32, filled with the base's
   *     values; the caller closes it
   */
  void merge(DenseLinear projection);

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

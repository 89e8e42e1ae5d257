package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.tensor.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * The matrix of an output head in fewer bits, beside its values: single tokens are scored faster by
 * it, since the matrix is read for each of them.
 */
public interface CompactHead extends AutoCloseable {

  /** Reads the matrix. */
  void read(Checkpoint checkpoint);

  /** {@return the memory that the matrix takes once it is read} */
  long bytes();

  /**
   * Adds the product with the matrix.
   *
   * @param bias added to the scores, or null
   */
  boolean describe(LinearTerms terms, @Nullable Parameter bias);

  @Override
  void close();
}

package io.adapt4j.core.internal.nn.head;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.linear.LinearTerms;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * A quantized copy of an output head's matrix, which speeds up single tokens: the matrix is read
 * for each of them.
 */
public interface CompactHead extends AutoCloseable {

  void read(Checkpoint checkpoint);

  /** {@return the bytes of the matrix once it is read} */
  long bytes();

  /** Adds the product with the matrix. */
  boolean describe(LinearTerms terms, @Nullable Parameter bias);

  @Override
  void close();
}

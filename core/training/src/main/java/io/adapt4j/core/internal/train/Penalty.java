package io.adapt4j.core.internal.train;

/**
 * An additional loss term, evaluated between the backward passes of a step's micro-batches and
 * gradient clipping. It depends only on the trainable parameters and the step's number, so that a
 * resumed run continues exactly.
 */
public interface Penalty extends AutoCloseable {

  /**
   * Adds the gradient of the term to the gradients of the trainable parameters and returns the
   * term.
   */
  double add(int step, long seed);

  @Override
  void close();
}

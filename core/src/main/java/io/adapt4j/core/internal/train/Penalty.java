package io.adapt4j.core.internal.train;

/**
 * A term beside the loss of the data. It is asked between the backward passes of a step's
 * micro-batches and the clipping of their gradients. What it does in a step depends on nothing but
 * the trained values and the step's number, so that a resumed run continues exactly.
 */
public interface Penalty extends AutoCloseable {

  /** Adds the gradient of the term to the gradients of the trained values. */
  double add(int step, long seed);

  @Override
  void close();
}

package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.tensor.Parameter.Trainable;
import java.util.List;

/**
 * Brings the gradients of several workers together between backward pass and update. Each worker
 * runs the same steps on micro-batches of its own; with the same sum everywhere they stay equal.
 */
@FunctionalInterface
public interface GradientReduction {

  /** One worker alone. */
  GradientReduction NONE = (gradients, own) -> own;

  /**
   * A worker's part of a step.
   *
   * @param loss summed loss of its micro-batches over the divisor
   * @param divisor what its losses and gradients are divided by; usually its target tokens
   */
  record Share(double loss, double divisor) {

    /**
     * Joins two parts into that of their union.
     *
     * @param other another worker's part
     * @return the mean of the losses by divisor, and the sum of the divisors
     */
    public Share plus(Share other) {
      double sum = divisor + other.divisor;
      return new Share(loss * (divisor / sum) + other.loss * (other.divisor / sum), sum);
    }
  }

  /**
   * Replaces the gradients in place by those of all workers together: the sum of each worker's
   * gradient times its divisor, over the sum of divisors.
   *
   * @param trained the values with their gradients, in the same order on every worker
   * @param own this worker's part
   * @return that of all workers together
   */
  Share reduce(List<Trainable> trained, Share own);
}

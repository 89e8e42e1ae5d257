package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.optim.Optimizer;

/**
 * The shape of a training step: all of a run that decides its memory, besides model and method.
 *
 * @param rows examples a micro-batch
 * @param length tokens of the longest example, padding included
 * @param accumulation micro-batches a step
 * @param type the compute type
 * @param optimizer how gradients become steps
 * @param recompute whether layers are recomputed in the backward pass
 */
public record StepShape(
    int rows, int length, int accumulation, DType type, Optimizer optimizer, boolean recompute) {

  /**
   * Checks the sizes.
   *
   * @param rows examples a micro-batch, at least 1
   * @param length tokens of the longest example, at least 1
   * @param accumulation micro-batches a step, at least 1
   * @param type the compute type
   * @param optimizer how gradients become steps
   * @param recompute whether layers are recomputed
   * @throws IllegalArgumentException if a size is below 1
   */
  public StepShape {
    requirePositive("rows", rows);
    requirePositive("length", length);
    requirePositive("accumulation", accumulation);
  }

  /**
   * Makes the shape of a step without accumulation or recomputation.
   *
   * @param rows examples a batch
   * @param length tokens of each
   * @param type the compute type
   * @param optimizer how gradients become steps
   * @return the shape
   */
  public static StepShape of(int rows, int length, DType type, Optimizer optimizer) {
    return new StepShape(rows, length, 1, type, optimizer, false);
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, found " + value);
    }
  }

  /**
   * Multiplies the sizes of a micro-batch.
   *
   * @return its positions, padding included
   */
  public long positions() {
    return (long) rows * length;
  }

  /**
   * Changes how a step's examples are cut into micro-batches.
   *
   * @param newRows examples a micro-batch
   * @param newAccumulation micro-batches a step
   * @return the changed shape
   */
  public StepShape withBatch(int newRows, int newAccumulation) {
    return new StepShape(newRows, length, newAccumulation, type, optimizer, recompute);
  }

  /**
   * Changes the length of the longest example.
   *
   * @param tokens the new length
   * @return the changed shape
   */
  public StepShape withLength(int tokens) {
    return new StepShape(rows, tokens, accumulation, type, optimizer, recompute);
  }

  /**
   * Changes the optimizer.
   *
   * @param other the new one
   * @return the changed shape
   */
  public StepShape withOptimizer(Optimizer other) {
    return new StepShape(rows, length, accumulation, type, other, recompute);
  }

  /**
   * Changes whether layers are recomputed.
   *
   * @param on whether they are
   * @return the changed shape
   */
  public StepShape withRecompute(boolean on) {
    return new StepShape(rows, length, accumulation, type, optimizer, on);
  }

  /**
   * Changes the size of batches.
   *
   * @param otherRows sequences of a batch
   * @param otherLength tokens of a sequence
   * @return the changed shape
   */
  public StepShape sized(int otherRows, int otherLength) {
    return new StepShape(otherRows, otherLength, accumulation, type, optimizer, recompute);
  }
}

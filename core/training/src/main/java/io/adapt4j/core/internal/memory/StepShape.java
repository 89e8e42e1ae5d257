package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.optim.Optimizer;

/** Shape of a training step: everything that determines its memory besides model and method. */
public record StepShape(
    int rows, int length, int accumulation, DType type, Optimizer optimizer, boolean recompute) {

  /** Checks the sizes. */
  public StepShape {
    requirePositive("rows", rows);
    requirePositive("length", length);
    requirePositive("accumulation", accumulation);
  }

  /** Makes the shape of a step without gradient accumulation or activation checkpointing. */
  public static StepShape of(int rows, int length, DType type, Optimizer optimizer) {
    return new StepShape(rows, length, 1, type, optimizer, false);
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, found " + value);
    }
  }

  /** Returns the number of positions in a micro-batch. */
  public long positions() {
    return (long) rows * length;
  }

  /** Changes how a step's examples are split into micro-batches. */
  public StepShape withBatch(int newRows, int newAccumulation) {
    return new StepShape(newRows, length, newAccumulation, type, optimizer, recompute);
  }

  /** Changes the length of the longest example. */
  public StepShape withLength(int tokens) {
    return new StepShape(rows, tokens, accumulation, type, optimizer, recompute);
  }

  public StepShape withOptimizer(Optimizer other) {
    return new StepShape(rows, length, accumulation, type, other, recompute);
  }

  /** Changes whether activations are checkpointed. */
  public StepShape withRecompute(boolean on) {
    return new StepShape(rows, length, accumulation, type, optimizer, on);
  }

  /** Changes the size of batches. */
  public StepShape sized(int otherRows, int otherLength) {
    return new StepShape(otherRows, otherLength, accumulation, type, optimizer, recompute);
  }
}

package io.adapt4j.core.train;

import java.util.Objects;

/**
 * An optimizer step that was not applied because its loss or gradient was NaN or infinite.
 *
 * @param step number of the step, from 1
 * @param totalSteps planned optimizer steps
 * @param reason the problem, such as {@code loss is NaN}
 * @param loss training loss of the step
 * @param gradientNorm global L2 norm of the gradients; NaN if none were computed
 * @param consecutive skipped steps in a row, including this one
 */
public record SkippedStep(
    int step, int totalSteps, String reason, double loss, double gradientNorm, int consecutive) {

  /** Checks that the reason is given. Throws {@link NullPointerException} if it is null. */
  public SkippedStep {
    Objects.requireNonNull(reason, "reason");
  }
}

package io.adapt4j.core.train;

import java.time.Duration;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The end of a run.
 *
 * @param reason the reason
 * @param steps optimizer steps done
 * @param bestStep step of the best evaluation, 0 if none was better than the one before training;
 *     empty without validation
 * @param bestLoss validation loss of the best evaluation; empty without validation
 * @param elapsed time since the run started
 */
public record RunEnd(
    StopReason reason, int steps, OptionalInt bestStep, OptionalDouble bestLoss, Duration elapsed) {

  /** Checks that no value is null. Throws {@link NullPointerException} if something is null. */
  public RunEnd {
    Objects.requireNonNull(reason, "reason");
    Objects.requireNonNull(bestStep, "bestStep");
    Objects.requireNonNull(bestLoss, "bestLoss");
    Objects.requireNonNull(elapsed, "elapsed");
  }
}

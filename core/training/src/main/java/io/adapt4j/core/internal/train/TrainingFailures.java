package io.adapt4j.core.internal.train;

import io.adapt4j.core.train.TrainingException;
import java.nio.file.Path;

/** Exceptions of runs that cannot continue. */
final class TrainingFailures {

  private static final String ADVICE =
      " Lower the learning rate, lengthen the warm-up, or train in fp32.";

  private TrainingFailures() {}

  /**
   * Creates the exception for too many consecutive steps that are not finite.
   *
   * @param savedAt the step of the last checkpoint; negative if there is none
   */
  static TrainingException tooManySkipped(
      int step, int skipped, String reason, int savedAt, Path last) {
    return new TrainingException(
        ("Training stopped at step %s: %s steps in a row were not finite (in the last one"
                + " %s). %s.%s")
            .formatted(
                step,
                skipped,
                reason,
                savedAt >= 0
                    ? "The checkpoint of step " + savedAt + " is intact in " + last
                    : "No checkpoint had been saved yet",
                ADVICE));
  }

  /** Creates the exception for a run that ended without a model worth saving. */
  static TrainingException nothingSound(int step) {
    return new TrainingException(
        "Training ended at step "
            + step
            + " with a model whose loss is not finite, and no checkpoint had been saved before."
            + ADVICE);
  }
}

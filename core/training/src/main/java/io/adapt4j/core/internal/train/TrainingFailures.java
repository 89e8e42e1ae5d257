package io.adapt4j.core.internal.train;

import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingWarning;
import java.nio.file.Path;
import java.util.List;

/** Exceptions of runs that cannot continue, and a warning of runs that may learn too little. */
final class TrainingFailures {

  private static final String ADVICE =
      " Lower the learning rate, lengthen the warm-up, or train in fp32.";

  /** Maximum number of modules named in a warning. */
  private static final int SHOWN = 5;

  private TrainingFailures() {}

  /** Creates the exception for too many consecutive steps that are not finite. */
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

  /** Warns about adapted modules without a gradient. */
  static TrainingWarning withoutGradient(int steps, List<String> modules) {
    return new TrainingWarning(
        TrainingWarning.Kind.NO_GRADIENT,
        steps,
        "%s adapted modules had no gradient in the first step: %s%s."
            .formatted(
                modules.size(),
                String.join(", ", modules.subList(0, Math.min(SHOWN, modules.size()))),
                modules.size() > SHOWN ? " and others" : ""),
        "Experts that no token chose get one later. The loss does not depend on other modules:"
            + " leave them out of the targets.");
  }
}

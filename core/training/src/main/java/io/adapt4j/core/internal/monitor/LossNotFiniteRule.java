package io.adapt4j.core.internal.monitor;

import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.TrainingWarning;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/** Warns of losses or gradients that are NaN or infinite. */
final class LossNotFiniteRule implements WarningRule {

  private static final int SKIPPED = 3;
  private static final int WITHIN_STEPS = 100;

  private final Deque<Integer> skipped = new ArrayDeque<>();

  @Override
  public Optional<TrainingWarning> skipped(SkippedStep event) {
    skipped.addLast(event.step());
    while (skipped.getFirst() <= event.step() - WITHIN_STEPS) {
      skipped.removeFirst();
    }
    return skipped.size() < SKIPPED
        ? Optional.empty()
        : Optional.of(
            warning(
                event.step(),
                "Three steps within %s were skipped as not finite; in the last %s."
                    .formatted(WITHIN_STEPS, event.reason())));
  }

  @Override
  public Optional<TrainingWarning> evaluated(EvaluationEvent event) {
    return Double.isFinite(event.loss())
        ? Optional.empty()
        : Optional.of(warning(event.step(), "The validation loss is " + event.loss() + "."));
  }

  private static TrainingWarning warning(int step, String message) {
    return new TrainingWarning(
        TrainingWarning.Kind.LOSS_NOT_FINITE,
        step,
        message,
        "Lower the learning rate, lengthen the warm-up, or train in fp32; continue from a checkpoint"
            + " of before.");
  }
}

package io.adapt4j.core.internal.monitor;

import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingWarning;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Warns of a run that ends while its loss is still falling steeply. */
final class StillFallingRule implements WarningRule {

  /** Share of the run that counts as its end. */
  private static final double END = 0.3;

  private static final int LEAST_STEPS = 20;

  /** Minimum decrease over the end, relative to the mean loss there. */
  private static final double STEEP = 0.1;

  /** Minimum improvement of the last evaluation, relative to the previous one. */
  private static final double GAIN = 0.03;

  private final List<Double> losses = new ArrayList<>();
  private double newest = Double.NaN;
  private double before = Double.NaN;
  private double best = Double.POSITIVE_INFINITY;

  @Override
  public Optional<TrainingWarning> step(StepEvent event) {
    losses.add(event.loss());
    return Optional.empty();
  }

  @Override
  public Optional<TrainingWarning> evaluated(EvaluationEvent event) {
    before = newest;
    newest = event.loss();
    best = Math.min(best, newest);
    return Optional.empty();
  }

  @Override
  public Optional<TrainingWarning> ended(RunEnd event) {
    int steps = (int) Math.round(losses.size() * END);
    if (event.reason() != StopReason.COMPLETED || steps < LEAST_STEPS || isValidationDone()) {
      return Optional.empty();
    }
    Trend trend = new Trend();
    losses.subList(losses.size() - steps, losses.size()).forEach(trend::add);
    double fall = -trend.change();
    if (!(fall - 2 * trend.changeError() > STEEP * trend.mean())) {
      return Optional.empty();
    }
    return Optional.of(
        new TrainingWarning(
            TrainingWarning.Kind.STILL_FALLING,
            event.steps(),
            String.format(
                Locale.ROOT,
                "The training loss was still falling at the end: from %.4f to %.4f over the last"
                    + " %d steps%s.",
                trend.mean() + fall / 2,
                trend.mean() - fall / 2,
                steps,
                Double.isNaN(before)
                    ? ""
                    : String.format(
                        Locale.ROOT,
                        ", the validation loss from %.4f to %.4f between the last two"
                            + " evaluations",
                        before,
                        newest)),
            "Train longer (more epochs), or raise the learning rate; stop when the validation"
                + " loss no longer falls."));
  }

  /**
   * Returns whether the validation loss has stopped falling; memorized training rows do not count
   * as progress.
   */
  private boolean isValidationDone() {
    return !Double.isNaN(before) && !(newest <= best && newest < before * (1 - GAIN));
  }
}

package io.adapt4j.core.internal.monitor;

import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingWarning;
import java.util.Locale;
import java.util.Optional;

/** Warns of a loss that does not change although the warmup is over. */
final class NothingLearnedRule implements WarningRule {

  private static final int STEPS_BEFORE_VALIDATION = 50;
  private static final int EVALUATIONS = 2;
  private static final double VALIDATION_CHANGE = 0.002;
  private static final int STEPS_OF_TREND = 100;
  private static final double TREND_CHANGE = 0.01;

  private final Sample first = new Sample(10);
  private final Trend trend = new Trend();
  private double lastRate = Double.NEGATIVE_INFINITY;
  private boolean warm;

  private double initial = Double.NaN;
  private double largestChange;
  private int evaluations;

  @Override
  public Optional<TrainingWarning> step(StepEvent event) {
    warm |= event.learningRate() <= lastRate;
    lastRate = event.learningRate();
    if (!first.isFull()) {
      first.add(event.loss());
    }
    if (warm) {
      trend.add(event.loss());
    }
    boolean validated = !Double.isNaN(initial);
    return !validated && trend.count() >= STEPS_OF_TREND && isFlat()
        ? Optional.of(
            warning(
                event.step(),
                String.format(
                    Locale.ROOT,
                    "The training loss is still %.4f, as in the first steps (%.4f).",
                    trend.mean(),
                    first.mean())))
        : Optional.empty();
  }

  /** Returns whether the trend is small even at the bounds of its uncertainty. */
  private boolean isFlat() {
    double tolerated = TREND_CHANGE * Math.abs(trend.mean());
    return Math.abs(first.mean() - trend.mean()) < tolerated
        && Math.abs(trend.change()) + 2 * trend.changeError() < tolerated;
  }

  @Override
  public Optional<TrainingWarning> evaluated(EvaluationEvent event) {
    if (Double.isNaN(initial)) {
      initial = event.loss();
      return Optional.empty();
    }
    largestChange = Math.max(largestChange, Math.abs(event.loss() / initial - 1));
    if (warm) {
      evaluations++;
    }
    return trend.count() >= STEPS_BEFORE_VALIDATION
            && evaluations >= EVALUATIONS
            && largestChange < VALIDATION_CHANGE
        ? Optional.of(
            warning(
                event.step(),
                String.format(
                    Locale.ROOT,
                    "The validation loss is %.4f, as it was before (%.4f).",
                    event.loss(),
                    initial)))
        : Optional.empty();
  }

  private static TrainingWarning warning(int step, String message) {
    return new TrainingWarning(
        TrainingWarning.Kind.NOTHING_LEARNED,
        step,
        message + " Nothing is being learned.",
        "Raise the learning rate (adapters take 1e-4 to 5e-4, full fine-tuning 1e-6 to 5e-5), see"
            + " that the method trains the layers meant, and that the trained tokens are the"
            + " answers.");
  }
}

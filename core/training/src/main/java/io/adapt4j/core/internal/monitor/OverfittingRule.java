package io.adapt4j.core.internal.monitor;

import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingWarning;
import java.util.Locale;
import java.util.Optional;

/** Warns of a validation loss that rises while the training loss falls. */
final class OverfittingRule implements WarningRule {

  private static final int EVALUATIONS = 2;
  private static final double RELATIVE_RISE = 0.02;
  private static final double LEAST_RISE = 0.005;

  private double sum;
  private int steps;

  private double best = Double.POSITIVE_INFINITY;
  private int bestStep;
  private double trainAtBest = Double.NaN;
  private double previous = Double.NaN;
  private int rises;

  @Override
  public Optional<TrainingWarning> step(StepEvent event) {
    sum += event.loss();
    steps++;
    return Optional.empty();
  }

  @Override
  public Optional<TrainingWarning> evaluated(EvaluationEvent event) {
    double train = sum / steps;
    sum = 0;
    steps = 0;
    double loss = event.loss();
    if (Double.isNaN(trainAtBest)) {
      // The evaluation before the first step has no training loss, so it gets the first one.
      trainAtBest = train;
    }
    if (loss < best) {
      best = loss;
      bestStep = event.step();
      trainAtBest = train;
      rises = 0;
    } else {
      boolean above = loss - best > Math.max(RELATIVE_RISE * best, LEAST_RISE);
      boolean falling = rises > 0 && loss < previous;
      rises = above ? (falling ? 1 : rises + 1) : 0;
    }
    previous = loss;
    return rises >= EVALUATIONS && train < trainAtBest
        ? Optional.of(warning(event, train))
        : Optional.empty();
  }

  private TrainingWarning warning(EvaluationEvent event, double train) {
    return new TrainingWarning(
        TrainingWarning.Kind.OVERFITTING,
        event.step(),
        String.format(
            Locale.ROOT,
            "The validation loss rose from %.4f (step %d) to %.4f while the training loss fell from"
                + " %.4f to %.4f: the model learns the training rows by heart.",
            best,
            bestStep,
            event.loss(),
            trainAtBest,
            train),
        "Use the checkpoint of the lowest validation loss (keepBest()), train for fewer epochs or"
            + " with earlyStopping(), add rows, or train fewer values (a lower LoRA rank).");
  }
}

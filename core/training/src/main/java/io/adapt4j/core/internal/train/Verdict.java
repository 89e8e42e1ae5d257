package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.train.RunOutcome;
import io.adapt4j.core.train.TrainingWarning;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Comparison of a run's last evaluation with the one before training. */
record Verdict(
    BestModelMetric selection,
    boolean tokenLoss,
    OptionalDouble initialLoss,
    Map<String, Double> initialMetrics,
    OptionalDouble lastLoss,
    Map<String, Double> lastMetrics,
    OptionalInt bestStep) {

  /** Relative difference that counts as rounding. */
  private static final double ROUNDING = 1e-6;

  RunOutcome outcome() {
    if (initialLoss.isEmpty() || lastLoss.isEmpty()) {
      return RunOutcome.NOT_MEASURED;
    }
    double before = selection.cost(initialLoss.getAsDouble(), initialMetrics);
    double after = selection.cost(lastLoss.getAsDouble(), lastMetrics);
    if (!Double.isFinite(before)) {
      return RunOutcome.NOT_MEASURED;
    }
    if (!(after <= before + ROUNDING * Math.abs(before))) {
      return RunOutcome.WORSE;
    }
    return bestStep.orElse(0) > 0 ? RunOutcome.IMPROVED : RunOutcome.NOT_IMPROVED;
  }

  /** Creates the warning about a run that ended worse than it began. */
  TrainingWarning warning(int step, boolean keepsBest, double rate, String usualRates) {
    String found =
        "The run ended worse than it began: "
            + measured(initialLoss.orElse(Double.NaN), initialMetrics)
            + " before training, "
            + measured(lastLoss.orElse(Double.NaN), lastMetrics)
            + " at the end. "
            + remains(keepsBest);
    String remedy =
        "Lower the learning rate, which was "
            + TrainingDefaults.text(rate)
            + (usualRates.isEmpty() ? "" : "; usual are " + usualRates)
            + ". If it was not too high, train for fewer epochs or look at the data.";
    return new TrainingWarning(TrainingWarning.Kind.ENDED_WORSE, step, found, remedy);
  }

  private String remains(boolean keepsBest) {
    boolean improved = bestStep.orElse(0) > 0;
    if (keepsBest) {
      return improved
          ? "'best' holds step " + bestStep.getAsInt() + ", which was better than the beginning."
          : "No evaluation was better than the model before training, which is what 'best' holds.";
    }
    return "'last' is worse than the untouched model"
        + (improved
            ? "; step " + bestStep.getAsInt() + " was better, and keepBest would have kept it."
            : ", and no evaluation was better than that.");
  }

  private String measured(double loss, Map<String, Double> metrics) {
    if (!selection.metric().equals(BestModelMetric.LOSS)) {
      return format(
          "%s %s",
          selection.metric(), number(metrics.getOrDefault(selection.metric(), Double.NaN)));
    }
    return tokenLoss && metrics.isEmpty()
        ? format("validation loss %s (perplexity %.2f)", number(loss), Math.exp(loss))
        : format("validation loss %s", number(loss));
  }

  private static String number(double value) {
    return Double.isFinite(value) ? format("%.4f", value) : String.valueOf(value);
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}

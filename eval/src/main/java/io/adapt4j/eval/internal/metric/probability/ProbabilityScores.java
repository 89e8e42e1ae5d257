package io.adapt4j.eval.internal.metric.probability;

import io.adapt4j.eval.internal.metric.Rows;

/**
 * Log loss and Brier score of predicted probabilities. Keeps sums only.
 *
 * <p>Log loss equals that of scikit-learn. The Brier score (Brier 1950, "Verification of Forecasts
 * Expressed in Terms of Probability") is the mean squared distance over all classes, halved for two
 * classes, so that it then equals {@code brier_score_loss}.
 */
public final class ProbabilityScores {

  /** A probability of 0 would have an infinite loss. */
  private static final double LEAST = Math.ulp(1.0);

  private final int classes;
  private long rows;
  private double logLoss;
  private double squares;

  /** Creates a metric without rows. */
  public ProbabilityScores(int classes) {
    this.classes = requireClasses(classes);
  }

  static int requireClasses(int classes) {
    if (classes < 2) {
      throw new IllegalArgumentException("classes is " + classes + "; give at least 2");
    }
    return classes;
  }

  public void add(int truth, double[] probabilities) {
    ProbabilityRow.check(rows + 1, truth, probabilities, classes);
    rows++;
    double sum = 0;
    for (int i = 0; i < classes; i++) {
      double error = probabilities[i] - (i == truth ? 1 : 0);
      squares += error * error;
      sum += clipped(probabilities[i]);
    }
    logLoss -= Math.log(clipped(probabilities[truth]) / sum);
  }

  private static double clipped(double probability) {
    return Math.max(LEAST, Math.min(1 - LEAST, probability));
  }

  /** Adds all counts of another. */
  public void merge(ProbabilityScores other) {
    Rows.sameSettings(classes, other.classes);
    rows += other.rows;
    logLoss += other.logLoss;
    squares += other.squares;
  }

  /** Returns the mean negative log-probability of the true class. */
  public double logLoss() {
    Rows.some("Log loss", rows);
    return logLoss / rows;
  }

  public double brier() {
    Rows.some("The Brier score", rows);
    return squares / rows / (classes == 2 ? 2 : 1);
  }
}

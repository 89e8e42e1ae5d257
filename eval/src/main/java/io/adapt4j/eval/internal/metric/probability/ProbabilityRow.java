package io.adapt4j.eval.internal.metric.probability;

import io.adapt4j.eval.internal.metric.Rows;

/** Checks of a row of class probabilities. */
public final class ProbabilityRow {

  /** Single-precision softmax stays well within. */
  private static final double SUM_TOLERANCE = 1e-3;

  private ProbabilityRow() {}

  public static void check(long row, int truth, double[] probabilities, int classes) {
    if (probabilities.length != classes) {
      throw Rows.bad(
          row,
          probabilities.length + " probabilities for " + classes + " classes; give one a class");
    }
    if (truth < 0 || truth >= classes) {
      throw Rows.bad(row, "the true class is " + truth + ", but classes are 0 to " + (classes - 1));
    }
    double sum = 0;
    for (int i = 0; i < classes; i++) {
      sum += Rows.probability(row, "the probability of class " + i, probabilities[i]);
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw Rows.bad(row, "probabilities add up to " + sum + " instead of 1; apply softmax first");
    }
  }
}

package io.adapt4j.core.internal.train;

/**
 * Early stopping on the validation loss. The evaluation before training is the first baseline.
 *
 * <p>An evaluation is an improvement if its loss is below the best one by more than {@code
 * minDelta}. The run should stop after {@code patience} consecutive evaluations without
 * improvement. Immutable: each evaluation returns a new state, which can be saved in a checkpoint.
 *
 * @param best loss of the last improvement; positive infinity before the first
 */
public record EarlyStopping(int patience, double minDelta, double best, int staleEvaluations) {

  /** Checks the ranges. */
  public EarlyStopping {
    if (patience < 1) {
      throw new IllegalArgumentException(
          "early stopping patience must be at least 1, but is " + patience);
    }
    if (!(minDelta >= 0 && Double.isFinite(minDelta))) {
      throw new IllegalArgumentException(
          "early stopping minDelta must be a finite number of at least 0, but is " + minDelta);
    }
    if (Double.isNaN(best)) {
      throw new IllegalArgumentException("the best loss must not be NaN");
    }
    if (staleEvaluations < 0) {
      throw new IllegalArgumentException(
          "staleEvaluations must be at least 0, but is " + staleEvaluations);
    }
  }

  /** Counts any decrease of the loss as an improvement. */
  public static EarlyStopping withPatience(int patience) {
    return of(patience, 0);
  }

  /** Counts only a decrease by more than {@code minDelta} as an improvement. */
  public static EarlyStopping of(int patience, double minDelta) {
    return new EarlyStopping(patience, minDelta, Double.POSITIVE_INFINITY, 0);
  }

  /** Returns the state after an evaluation. */
  public EarlyStopping afterEvaluation(double loss) {
    boolean improved = loss < best - minDelta;
    return improved
        ? new EarlyStopping(patience, minDelta, loss, 0)
        : new EarlyStopping(patience, minDelta, best, staleEvaluations + 1);
  }

  /** Returns whether the patience is exhausted. */
  public boolean shouldStop() {
    return staleEvaluations >= patience;
  }
}

package io.adapt4j.core.internal.train;

/**
 * Decides from the validation losses when training no longer helps. The evaluation before training
 * is the first to be better than.
 *
 * <p>An evaluation counts as an improvement if its loss is below the best one by more than the
 * minimum delta. After {@code patience} evaluations in a row without improvement the run should
 * stop. Immutable: each evaluation gives a new value, which can be stored in a checkpoint.
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

  /** Any fall of the loss counts. */
  public static EarlyStopping withPatience(int patience) {
    return of(patience, 0);
  }

  /** Only a fall by more than a minimum counts. */
  public static EarlyStopping of(int patience, double minDelta) {
    return new EarlyStopping(patience, minDelta, Double.POSITIVE_INFINITY, 0);
  }

  /**
   * Takes the result of an evaluation.
   *
   * @param loss validation loss; NaN is no improvement
   */
  public EarlyStopping afterEvaluation(double loss) {
    boolean improved = loss < best - minDelta;
    return improved
        ? new EarlyStopping(patience, minDelta, loss, 0)
        : new EarlyStopping(patience, minDelta, best, staleEvaluations + 1);
  }

  /** Whether the patience is used up. */
  public boolean shouldStop() {
    return staleEvaluations >= patience;
  }
}

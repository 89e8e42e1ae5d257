package io.adapt4j.core.search;

import java.util.Optional;

/**
 * What came of a trial.
 *
 * @param trial its settings
 * @param rung how far it was trained: 0 for the first budget, and so on
 * @param steps optimizer steps done
 * @param value the best value of the objective; NaN for a trial that failed
 * @param bestStep the step of that value
 * @param seconds time spent, over all rungs
 * @param failure why it failed, if it did
 */
public record TrialResult(
    Trial trial,
    int rung,
    int steps,
    double value,
    int bestStep,
    double seconds,
    Optional<String> failure) {

  /**
   * Returns whether the trial failed.
   *
   * @return true if it has no value
   */
  public boolean failed() {
    return failure.isPresent();
  }
}

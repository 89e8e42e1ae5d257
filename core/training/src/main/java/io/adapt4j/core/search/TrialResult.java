package io.adapt4j.core.search;

import java.util.Optional;

/**
 * Result of a trial.
 *
 * @param trial its settings
 * @param rung index of the budget it was trained to, from 0
 * @param steps number of optimizer steps
 * @param value the best value of the objective; NaN for a trial that failed
 * @param bestStep the step of that value
 * @param seconds total time over all rungs
 * @param failure reason of the failure, if it failed
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

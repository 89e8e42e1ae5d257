package io.adapt4j.core.search;

import io.adapt4j.core.train.EvaluationEvent;
import java.util.Comparator;
import java.util.function.ToDoubleFunction;

/**
 * What a search looks for: the best value of an evaluation's metric over a trial.
 *
 * @param name what the metric is called in tables
 * @param isLess whether smaller values are better
 * @param metric reads it; NaN where an evaluation does not have it
 */
record Objective(String name, boolean isLess, ToDoubleFunction<EvaluationEvent> metric) {

  /**
   * Looks for the lowest validation loss, the default.
   *
   * @return the objective
   */
  static Objective loss() {
    return lowest("loss", EvaluationEvent::loss);
  }

  /**
   * Looks for the lowest value of a metric.
   *
   * @param name what it is called
   * @param metric reads it
   * @return the objective
   */
  static Objective lowest(String name, ToDoubleFunction<EvaluationEvent> metric) {
    return new Objective(name, true, metric);
  }

  /**
   * Looks for the highest value of a metric, such as an accuracy.
   *
   * @param name what it is called
   * @param metric reads it
   * @return the objective
   */
  static Objective highest(String name, ToDoubleFunction<EvaluationEvent> metric) {
    return new Objective(name, false, metric);
  }

  /**
   * Looks for the highest value of what a task measures, such as {@code accuracy}.
   *
   * @param metric its name among {@link EvaluationEvent#metrics}
   * @return the objective
   */
  static Objective highest(String metric) {
    return highest(metric, event -> event.metrics().getOrDefault(metric, Double.NaN));
  }

  /**
   * Looks for the lowest value of what a task measures, such as {@code mse}.
   *
   * @param metric its name among {@link EvaluationEvent#metrics}
   * @return the objective
   */
  static Objective lowest(String metric) {
    return lowest(metric, event -> event.metrics().getOrDefault(metric, Double.NaN));
  }

  /** Whether a value is better than another; NaN is worse than all. */
  boolean isBetter(double value, double than) {
    if (Double.isNaN(value) || Double.isNaN(than)) {
      return !Double.isNaN(value) && Double.isNaN(than);
    }
    return isLess ? value < than : value > than;
  }

  /** The best first; of equals the one drawn first. */
  Comparator<TrialResult> ranking() {
    Comparator<TrialResult> byValue = Comparator.comparingDouble(TrialResult::value);
    return (isLess ? byValue : byValue.reversed()).thenComparing(trial -> trial.trial().number());
  }
}

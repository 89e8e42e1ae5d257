package io.adapt4j.core.search;

import io.adapt4j.core.train.EvaluationEvent;
import java.util.Comparator;
import java.util.function.ToDoubleFunction;

/**
 * Objective of a search: the best value of a metric over the evaluations of a trial.
 *
 * @param metric returns the metric; NaN if an evaluation does not have it
 */
record Objective(String name, boolean isLess, ToDoubleFunction<EvaluationEvent> metric) {

  /** Minimizes the validation loss, the default. */
  static Objective loss() {
    return lowest("loss", EvaluationEvent::loss);
  }

  /** Minimizes a metric. */
  static Objective lowest(String name, ToDoubleFunction<EvaluationEvent> metric) {
    return new Objective(name, true, metric);
  }

  /** Maximizes a metric, such as an accuracy. */
  static Objective highest(String name, ToDoubleFunction<EvaluationEvent> metric) {
    return new Objective(name, false, metric);
  }

  /** Maximizes a metric of the task, such as {@code accuracy}. */
  static Objective highest(String metric) {
    return highest(metric, event -> event.metrics().getOrDefault(metric, Double.NaN));
  }

  /** Minimizes a metric of the task, such as {@code mse}. */
  static Objective lowest(String metric) {
    return lowest(metric, event -> event.metrics().getOrDefault(metric, Double.NaN));
  }

  /** Returns whether a value is better than another; NaN is the worst. */
  boolean isBetter(double value, double than) {
    if (Double.isNaN(value) || Double.isNaN(than)) {
      return !Double.isNaN(value) && Double.isNaN(than);
    }
    return isLess ? value < than : value > than;
  }

  /** Orders results from best to worst; ties by trial number. */
  Comparator<TrialResult> ranking() {
    Comparator<TrialResult> byValue = Comparator.comparingDouble(TrialResult::value);
    return (isLess ? byValue : byValue.reversed()).thenComparing(trial -> trial.trial().number());
  }
}

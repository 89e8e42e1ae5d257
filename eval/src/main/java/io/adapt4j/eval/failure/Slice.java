package io.adapt4j.eval.failure;

import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.List;
import java.util.function.Predicate;

/**
 * Items that have something in common.
 *
 * @param name what they have in common, such as the value of a field
 * @param items how many there are
 * @param failures how many of them failed
 * @param metric the task's metric over these items alone
 * @param failureRate the share that failed, with its 95 per cent interval
 */
public record Slice(
    String name, long items, long failures, double metric, ConfidenceInterval failureRate) {

  static Slice of(
      String name, List<Outcome> outcomes, TaskMetric metric, Predicate<Outcome> hasFailed) {
    long failures = outcomes.stream().filter(hasFailed).count();
    return new Slice(
        name,
        outcomes.size(),
        failures,
        metric.of(outcomes),
        ConfidenceInterval.wilson(failures, outcomes.size()));
  }
}

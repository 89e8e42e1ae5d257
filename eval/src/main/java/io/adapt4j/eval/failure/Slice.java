package io.adapt4j.eval.failure;

import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.List;
import java.util.function.Predicate;

/**
 * A subset of the items.
 *
 * @param name its name, such as the value of a field
 * @param items number of items
 * @param failures number of failed items
 * @param metric the task's metric on these items
 * @param failureRate share of failed items, with its 95 percent interval
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

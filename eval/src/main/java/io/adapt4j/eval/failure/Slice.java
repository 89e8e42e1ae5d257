package io.adapt4j.eval.failure;

import io.adapt4j.eval.stats.Interval;
import io.adapt4j.eval.stats.Proportion;
import io.adapt4j.eval.task.Figure;
import io.adapt4j.eval.task.Outcome;
import java.util.List;
import java.util.function.Predicate;

/**
 * Items that have something in common.
 *
 * @param name what they have in common, such as the value of a field
 * @param items how many there are
 * @param failures how many of them failed
 * @param figure the task's figure over these items alone
 * @param failureRate the share that failed, with its 95 per cent interval
 */
public record Slice(String name, long items, long failures, double figure, Interval failureRate) {

  static Slice of(
      String name, List<Outcome> outcomes, Figure figure, Predicate<Outcome> hasFailed) {
    long failures = outcomes.stream().filter(hasFailed).count();
    return new Slice(
        name,
        outcomes.size(),
        failures,
        figure.of(outcomes),
        Proportion.of(failures, outcomes.size()));
  }
}

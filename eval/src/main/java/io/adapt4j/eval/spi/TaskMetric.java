package io.adapt4j.eval.spi;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * A metric that summarizes a task.
 *
 * @param name its name in reports
 * @param largerIsBetter whether a larger number is better
 * @param kind its computation from the items
 */
public record TaskMetric(String name, boolean largerIsBetter, Kind kind) {

  /** Computation of a metric from the items. */
  public sealed interface Kind {}

  /**
   * The mean of the items' own metrics.
   *
   * @param of the name of the items' metric
   */
  public record Mean(String of) implements Kind {}

  /**
   * A metric of all items together that is not a mean, such as a perplexity or a macro average.
   *
   * @param of computes the metric of one or more outcomes; called by several threads at once
   */
  public record Corpus(ToDoubleFunction<List<Outcome>> of) implements Kind {}

  /**
   * Creates the mean of the items' metrics of the same name, higher is better.
   *
   * @param name the name
   * @return the metric
   */
  public static TaskMetric mean(String name) {
    return new TaskMetric(name, true, new Mean(name));
  }

  /**
   * Creates a metric of all items together.
   *
   * @param name its name
   * @param of computes the metric of outcomes
   * @return the metric
   */
  public static TaskMetric corpus(
      String name, boolean largerIsBetter, ToDoubleFunction<List<Outcome>> of) {
    return new TaskMetric(name, largerIsBetter, new Corpus(of));
  }

  /**
   * Computes the metric.
   *
   * @param outcomes at least one
   * @return its value
   */
  public double of(List<Outcome> outcomes) {
    if (kind instanceof Mean mean) {
      return outcomes.stream()
          .mapToDouble(outcome -> outcome.metric(mean.of()))
          .average()
          .orElseThrow();
    }
    return ((Corpus) kind).of().applyAsDouble(outcomes);
  }

  /**
   * Computes the metric of a single item.
   *
   * @param outcome the item's outcome
   * @return its value
   */
  public double of(Outcome outcome) {
    return kind instanceof Mean mean ? outcome.metric(mean.of()) : of(List.of(outcome));
  }

  /**
   * Returns whether one value is better than another.
   *
   * @param value a value of this metric
   * @param other another
   * @return true if it is strictly better
   */
  public boolean isBetter(double value, double other) {
    return largerIsBetter ? value > other : value < other;
  }
}

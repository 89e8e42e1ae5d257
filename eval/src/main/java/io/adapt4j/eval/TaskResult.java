package io.adapt4j.eval;

import io.adapt4j.eval.internal.ClassMetrics;
import io.adapt4j.eval.metric.CalibrationReport;
import io.adapt4j.eval.metric.ClassificationReport;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Results of a candidate on a task.
 *
 * @param task the task's name
 * @param isGeneral whether it measures general abilities
 * @param definitions definitions of the metrics, the primary one first
 * @param metrics every metric by name, with its interval
 * @param outcomes one per item, in the task's order
 * @param cost the cost of the task
 */
public record TaskResult(
    String task,
    boolean isGeneral,
    List<TaskMetric> definitions,
    Map<String, ConfidenceInterval> metrics,
    List<Outcome> outcomes,
    Cost cost) {

  /**
   * Creates a result whose cost is unknown.
   *
   * @param metrics every metric
   * @param outcomes one per item
   */
  public TaskResult(
      String task,
      boolean isGeneral,
      List<TaskMetric> definitions,
      Map<String, ConfidenceInterval> metrics,
      List<Outcome> outcomes) {
    this(task, isGeneral, definitions, metrics, outcomes, Cost.NONE);
  }

  /**
   * Copies the collections. Throws {@link IllegalArgumentException} if there is no metric, or one
   * has no value.
   */
  public TaskResult {
    definitions = List.copyOf(definitions);
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    outcomes = List.copyOf(outcomes);
    List<String> names = definitions.stream().map(TaskMetric::name).toList();
    if (names.isEmpty() || !metrics.keySet().equals(Set.copyOf(names))) {
      throw new IllegalArgumentException(
          "Task '" + task + "': expected a value for each of " + names + ", found " + metrics);
    }
  }

  /** {@return the primary metric, which is used for comparisons} */
  public TaskMetric primary() {
    return definitions.get(0);
  }

  /**
   * Returns the definition of a metric.
   *
   * @param name its name
   * @return its definition
   * @throws IllegalArgumentException if there is no such metric
   */
  public TaskMetric metric(String name) {
    return definitions.stream()
        .filter(definition -> definition.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Task '%s' has no metric '%s'; it has %s"
                        .formatted(task, name, metrics.keySet())));
  }

  /** {@return the value of the primary metric} */
  public ConfidenceInterval score() {
    return Objects.requireNonNull(metrics.get(primary().name()), "the metric that counts");
  }

  /**
   * Computes the confusion matrix. Classes are those that occur among the right answers or the
   * model's, in lexicographic order.
   *
   * @return the decisions of a task of classes
   */
  public ClassificationReport classification() {
    return ClassMetrics.decisions(outcomes);
  }

  /**
   * Computes the calibration over 15 bins.
   *
   * @return the calibration of a task of classes or choices
   * @throws IllegalArgumentException if an outcome has no confidence
   */
  public CalibrationReport calibration() {
    return ClassMetrics.calibration(outcomes);
  }
}

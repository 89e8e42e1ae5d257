package io.adapt4j.eval.task;

import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A set of questions and the metrics that summarize the answers.
 *
 * @param name its name in reports
 * @param items the questions
 * @param metrics metrics of the answers, the primary one first
 * @param isGeneral whether it measures general abilities that adapting a model must not lose,
 *     rather than the ability that the model is adapted for
 */
public record Task(String name, List<Item> items, List<TaskMetric> metrics, boolean isGeneral) {

  /**
   * Checks and copies the values. Throws {@link IllegalArgumentException} if there are no items or
   * metrics, or two items have the same id.
   */
  public Task {
    items = List.copyOf(items);
    metrics = List.copyOf(metrics);
    if (items.isEmpty() || metrics.isEmpty()) {
      throw new IllegalArgumentException(
          "Task '%s': expected items and metrics, found no %s"
              .formatted(name, items.isEmpty() ? "items" : "metrics"));
    }
    requireDistinct(name, items);
  }

  private static void requireDistinct(String name, List<Item> items) {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < items.size(); i++) {
      if (!seen.add(items.get(i).id())) {
        throw new IllegalArgumentException(
            "Task '%s': row %s: id '%s' was used before; each row needs its own"
                .formatted(name, i + 1, items.get(i).id()));
      }
    }
  }

  /** {@return the primary metric, which is used for comparisons} */
  public TaskMetric primary() {
    return metrics.get(0);
  }

  /** {@return this task as one of general abilities} */
  public Task general() {
    return new Task(name, items, metrics, true);
  }

  /**
   * Returns this task under another name.
   *
   * @param other the name
   * @return a new task
   */
  public Task named(String other) {
    return new Task(other, items, metrics, isGeneral);
  }

  /**
   * Returns the first items of this task.
   *
   * @param most maximum number
   * @return a new task
   */
  public Task limit(int most) {
    return new Task(name, items.subList(0, Math.min(most, items.size())), metrics, isGeneral);
  }
}

package io.adapt4j.eval;

import io.adapt4j.eval.stats.Interval;
import io.adapt4j.eval.task.Figure;
import io.adapt4j.eval.task.Outcome;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a candidate did on a task.
 *
 * @param task the task's name
 * @param isGeneral whether it asks for general abilities
 * @param primary the figure that counts in comparisons
 * @param figures every figure by name, with its interval
 * @param outcomes one an item, in the task's order
 * @param cost what it took
 */
public record TaskResult(
    String task,
    boolean isGeneral,
    Figure primary,
    Map<String, Interval> figures,
    List<Outcome> outcomes,
    Cost cost) {

  /**
   * Makes a result whose cost is not known.
   *
   * @param task the task's name
   * @param isGeneral whether it asks for general abilities
   * @param primary the figure that counts
   * @param figures every figure
   * @param outcomes one an item
   */
  public TaskResult(
      String task,
      boolean isGeneral,
      Figure primary,
      Map<String, Interval> figures,
      List<Outcome> outcomes) {
    this(task, isGeneral, primary, figures, outcomes, Cost.NONE);
  }

  /**
   * Copies the collections.
   *
   * @param task the task's name
   * @param isGeneral whether it asks for general abilities
   * @param primary the figure that counts
   * @param figures every figure
   * @param outcomes one an item
   * @param cost what it took
   */
  public TaskResult {
    figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
    outcomes = List.copyOf(outcomes);
  }

  /**
   * Returns the figure that counts.
   *
   * @return its value and interval
   */
  public Interval score() {
    return figures.get(primary.name());
  }
}

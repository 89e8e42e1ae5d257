package io.adapt4j.eval;

import io.adapt4j.eval.stats.Interval;
import io.adapt4j.eval.task.Figure;
import io.adapt4j.eval.task.Outcome;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How a candidate did on a task.
 *
 * @param task the task's name
 * @param isGeneral whether it asks for general abilities
 * @param definitions what the figures are, the one that counts in comparisons first
 * @param figures every figure by name, with its interval
 * @param outcomes one an item, in the task's order
 * @param cost what it took
 */
public record TaskResult(
    String task,
    boolean isGeneral,
    List<Figure> definitions,
    Map<String, Interval> figures,
    List<Outcome> outcomes,
    Cost cost) {

  /**
   * Makes a result whose cost is not known.
   *
   * @param task the task's name
   * @param isGeneral whether it asks for general abilities
   * @param definitions what the figures are, the one that counts in comparisons first
   * @param figures every figure
   * @param outcomes one an item
   */
  public TaskResult(
      String task,
      boolean isGeneral,
      List<Figure> definitions,
      Map<String, Interval> figures,
      List<Outcome> outcomes) {
    this(task, isGeneral, definitions, figures, outcomes, Cost.NONE);
  }

  /**
   * Copies the collections.
   *
   * @param task the task's name
   * @param isGeneral whether it asks for general abilities
   * @param definitions what the figures are
   * @param figures every figure
   * @param outcomes one an item
   * @param cost what it took
   * @throws IllegalArgumentException if there is no figure, or one has no value
   */
  public TaskResult {
    definitions = List.copyOf(definitions);
    figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
    outcomes = List.copyOf(outcomes);
    List<String> names = definitions.stream().map(Figure::name).toList();
    if (names.isEmpty() || !figures.keySet().equals(Set.copyOf(names))) {
      throw new IllegalArgumentException(
          "Task '" + task + "': expected a value for each of " + names + ", found " + figures);
    }
  }

  /**
   * Returns the figure that counts in comparisons.
   *
   * @return what it is
   */
  public Figure primary() {
    return definitions.get(0);
  }

  /**
   * Finds a figure.
   *
   * @param name its name
   * @return what it is
   * @throws IllegalArgumentException if there is no such figure
   */
  public Figure figure(String name) {
    return definitions.stream()
        .filter(one -> one.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Task '"
                        + task
                        + "' has no figure '"
                        + name
                        + "'; it has "
                        + figures.keySet()));
  }

  /**
   * Returns the value of the figure that counts.
   *
   * @return its value and interval
   */
  public Interval score() {
    return figures.get(primary().name());
  }
}

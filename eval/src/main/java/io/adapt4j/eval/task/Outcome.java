package io.adapt4j.eval.task;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;

/**
 * How an item went.
 *
 * @param id the item's id
 * @param prompt what was asked
 * @param expected the right answer
 * @param got the model's answer
 * @param figures the item's own figures by name, such as {@code acc}; finite numbers
 * @param confidence how sure the model was of its answer, from 0 to 1, where that is known
 * @param fields what is known about the item
 */
public record Outcome(
    String id,
    String prompt,
    String expected,
    String got,
    Map<String, Double> figures,
    OptionalDouble confidence,
    Map<String, String> fields) {

  /**
   * Makes an outcome.
   *
   * @param id the item's id
   * @param prompt what was asked
   * @param expected the right answer
   * @param got the model's answer
   * @param figures the item's own figures
   * @param confidence how sure the model was
   * @param fields what is known about the item
   * @throws IllegalArgumentException if a figure is not a finite number
   */
  public Outcome {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(expected, "expected");
    Objects.requireNonNull(got, "got");
    figures.forEach((name, value) -> requireFinite(id, name, value));
    figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  private static void requireFinite(String id, String name, double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(
          "Item '" + id + "': " + name + ": expected a finite number, found " + value);
    }
  }

  /**
   * Returns one of the figures.
   *
   * @param name its name
   * @return its value
   * @throws IllegalArgumentException if the item has no such figure
   */
  public double figure(String name) {
    Double value = figures.get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "Item '" + id + "' has no figure '" + name + "'; it has " + figures.keySet());
    }
    return value;
  }
}

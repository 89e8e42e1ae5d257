package io.adapt4j.eval.spi;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;

/**
 * Result of an item.
 *
 * @param id the item's id
 * @param prompt the prompt
 * @param expected the right answer
 * @param got the model's answer
 * @param metrics the item's own metrics by name, such as {@code acc}; finite numbers
 * @param confidence the model's confidence in its answer, from 0 to 1, if known
 * @param fields properties of the item
 */
public record Outcome(
    String id,
    String prompt,
    String expected,
    String got,
    Map<String, Double> metrics,
    OptionalDouble confidence,
    Map<String, String> fields) {

  /**
   * Checks the metrics and copies the collections. Throws {@link IllegalArgumentException} if a
   * metric is not a finite number.
   */
  public Outcome {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(expected, "expected");
    Objects.requireNonNull(got, "got");
    metrics.forEach((name, value) -> requireFinite(id, name, value));
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  private static void requireFinite(String id, String name, double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(
          "Item '" + id + "': " + name + ": expected a finite number, found " + value);
    }
  }

  /**
   * Returns one of the metrics.
   *
   * @param name its name
   * @return its value
   * @throws IllegalArgumentException if the item has no such metric
   */
  public double metric(String name) {
    Double value = metrics.get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "Item '" + id + "' has no metric '" + name + "'; it has " + metrics.keySet());
    }
    return value;
  }
}

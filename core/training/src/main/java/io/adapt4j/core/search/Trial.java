package io.adapt4j.core.search;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Values of a search's settings for one trial.
 *
 * @param number counted from 0
 * @param settings values by name, each a {@link Double}, {@link Long} or {@link String}
 */
public record Trial(int number, Map<String, Object> settings) {

  private static final long STREAMS = 0x9E3779B97F4A7C15L;

  /** Copies the map and keeps its order. */
  public Trial {
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  /** Draws a trial from its own random stream, so that more trials do not change the first ones. */
  static Trial draw(int number, List<Parameter> space, long seed) {
    SplittableRandom random = new SplittableRandom(seed + number * STREAMS);
    Map<String, Object> settings = new LinkedHashMap<>();
    for (Parameter parameter : space) {
      settings.put(parameter.name(), parameter.draw(random));
    }
    return new Trial(number, settings);
  }

  /**
   * Returns a number.
   *
   * @param name the setting
   * @return its value
   * @throws IllegalArgumentException if there is no such setting, or it is a string
   */
  public double number(String name) {
    return numeric(name).doubleValue();
  }

  /**
   * Returns an integer.
   *
   * @return its value
   * @throws IllegalArgumentException if there is no such setting, or it is not an integer
   */
  public int whole(String name) {
    Number value = numeric(name);
    if (value.doubleValue() != value.intValue()) {
      throw new IllegalArgumentException(
          "The setting '" + name + "' is " + value + ", which is no whole number");
    }
    return value.intValue();
  }

  private Number numeric(String name) {
    if (value(name) instanceof Number number) {
      return number;
    }
    throw new IllegalArgumentException(
        "The setting '" + name + "' is the text '" + value(name) + "', which is no number");
  }

  /**
   * Returns a value as a string.
   *
   * @return its value
   * @throws IllegalArgumentException if there is no such setting
   */
  public String text(String name) {
    return value(name).toString();
  }

  private Object value(String name) {
    Object value = settings.get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "The search has no setting '" + name + "'; it has " + settings.keySet());
    }
    return value;
  }
}

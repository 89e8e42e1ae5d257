package io.adapt4j.core.internal.method;

import java.util.regex.Pattern;

/**
 * its own learning rate for some values.
 *
 * @param names a regular expression found in their names, such as {@code lora_B}
 * @param factor multiplies the step's learning rate; 0 keeps them as they are
 */
public record LearningRateFactor(String names, double factor) {

  /**
   * Checks both.
   *
   * @param names a regular expression
   * @param factor at least 0
   * @throws IllegalArgumentException if the expression is malformed or the factor negative
   */
  public LearningRateFactor {
    Pattern.compile(names);
    if (!(factor >= 0 && Double.isFinite(factor))) {
      throw new IllegalArgumentException(
          "the rate factor of '" + names + "' must be at least 0, found " + factor);
    }
  }
}

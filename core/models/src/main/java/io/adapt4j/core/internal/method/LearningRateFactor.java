package io.adapt4j.core.internal.method;

import java.util.regex.Pattern;

/** Learning-rate multiplier for the parameters whose names match a pattern. */
public record LearningRateFactor(String names, double factor) {

  /** Checks both. */
  public LearningRateFactor {
    Pattern.compile(names);
    if (!(factor >= 0 && Double.isFinite(factor))) {
      throw new IllegalArgumentException(
          "the rate factor of '" + names + "' must be at least 0, found " + factor);
    }
  }
}

package io.adapt4j.core.internal.method;

import java.util.regex.Pattern;

/** its own learning rate for some values. */
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

package io.adapt4j.core.regularization;

/** Checks of the options of regularizations. */
final class Strength {

  private Strength() {}

  static void require(String owner, double strength) {
    if (!(strength >= 0 && Double.isFinite(strength))) {
      throw new IllegalArgumentException(
          owner + ": strength must be at least 0, found " + strength);
    }
  }
}

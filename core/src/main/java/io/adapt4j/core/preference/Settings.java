package io.adapt4j.core.preference;

/** Checks of losses' settings. */
final class Settings {

  private Settings() {}

  static void requirePositive(String name, double value) {
    if (!(value > 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(name + " must be above 0, found " + value);
    }
  }

  static void requireNotNegative(String name, double value) {
    if (!(value >= 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(name + " must be at least 0, found " + value);
    }
  }

  static void requireSmoothing(double value) {
    if (!(value >= 0 && value < 0.5)) {
      throw new IllegalArgumentException(
          "labelSmoothing must be at least 0 and below 0.5, found " + value);
    }
  }
}

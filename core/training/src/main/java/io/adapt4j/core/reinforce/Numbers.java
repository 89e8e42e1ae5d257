package io.adapt4j.core.reinforce;

/** Checks of options, with the name and the value in the message. */
final class Numbers {

  private Numbers() {}

  static void requireNotNegative(String name, double value) {
    require(value >= 0 && Double.isFinite(value), name, "at least 0", value);
  }

  static void requirePositive(String name, double value) {
    require(value > 0 && Double.isFinite(value), name, "above 0", value);
  }

  static void requireAtLeast(String name, int value, int least) {
    require(value >= least, name, "at least " + least, value);
  }

  static void require(boolean holds, String name, String expected, Object value) {
    if (!holds) {
      throw new IllegalArgumentException(name + " must be " + expected + ", found " + value);
    }
  }
}

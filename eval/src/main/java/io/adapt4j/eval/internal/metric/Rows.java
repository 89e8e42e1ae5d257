package io.adapt4j.eval.internal.metric;

import org.jspecify.annotations.Nullable;

/** Checks of rows added to a metric, with messages that name the row. */
public final class Rows {

  private Rows() {}

  public static IllegalArgumentException bad(long row, String problem) {
    return new IllegalArgumentException("Row " + row + ": " + problem);
  }

  public static double finite(long row, String name, double value) {
    if (!Double.isFinite(value)) {
      throw bad(row, name + " is " + value + "; leave the row out or repair the model's output");
    }
    return value;
  }

  public static double probability(long row, String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw bad(row, name + " is " + value + ", but a probability lies from 0 to 1");
    }
    return value;
  }

  public static <T> T present(long row, String name, @Nullable T value) {
    if (value == null) {
      throw bad(row, name + " is null; give an empty text where the model said nothing");
    }
    return value;
  }

  public static void some(String metric, long rows) {
    if (rows == 0) {
      throw new IllegalStateException(metric + " of no rows is undefined; add at least one row");
    }
  }

  public static void sameSettings(Object mine, Object others) {
    if (!mine.equals(others)) {
      throw new IllegalArgumentException(
          "Metrics with different settings cannot be merged: " + mine + " and " + others);
    }
  }
}

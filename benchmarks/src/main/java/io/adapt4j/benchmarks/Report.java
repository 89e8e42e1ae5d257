package io.adapt4j.benchmarks;

import java.util.Locale;

/** One readable block of results. */
final class Report {

  private final StringBuilder text = new StringBuilder();

  Report(String title) {
    text.append(title).append('\n');
  }

  void line(String name, String format, Object... values) {
    text.append(String.format(Locale.ROOT, "  %-18s ", name))
        .append(String.format(Locale.ROOT, format, values))
        .append('\n');
  }

  /** A figure that should be large. */
  void atLeast(String name, double found, double target) {
    line(name, "%.3f (target: at least %.2f) %s", found, target, verdict(found >= target));
  }

  /** A figure that should be small. */
  void atMost(String name, double found, double target, String unit) {
    line(name, "%.2f %s (target: at most %.1f) %s", found, unit, target, verdict(found <= target));
  }

  static String verdict(boolean reached) {
    return reached ? "REACHED" : "MISSED";
  }

  void print() {
    System.out.print(text);
  }
}

package io.adapt4j.eval.report;

import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.time.Duration;
import java.util.Locale;

/** Formats numbers and excerpts. */
final class Texts {

  private static final String DASH = "\u2013";

  /** From here on a number, such as a perplexity per word, is shown only as too large. */
  private static final double MILLION = 1e6;

  private Texts() {}

  static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }

  static String number(double value) {
    if (!Double.isFinite(value)) {
      return DASH;
    }
    double size = Math.abs(value);
    if (size >= MILLION) {
      return value > 0 ? "over a million" : "under minus a million";
    }
    String pattern = size < 10 ? "%.3f" : size < 1000 ? "%.1f" : "%,.0f";
    return format(pattern, value);
  }

  static String signed(double value) {
    return (value > 0 ? "+" : "") + number(value);
  }

  /** Such as {@code 0.612 to 0.790}. */
  static String range(ConfidenceInterval interval) {
    return interval.low() >= MILLION
        ? ""
        : number(interval.low()) + " to " + number(interval.high());
  }

  static String pValue(double value) {
    return value < 0.001 ? "< 0.001" : format("%.3f", value);
  }

  static String percent(double share) {
    return format("%.1f %%", 100 * share);
  }

  static String count(long number) {
    return format("%,d", number);
  }

  static String time(Duration time) {
    if (time.toMinutes() > 0) {
      return time.toHours() > 0
          ? format("%d h %02d min", time.toHours(), time.toMinutesPart())
          : format("%d min %02d s", time.toMinutes(), time.toSecondsPart());
    }
    double seconds = time.toNanos() / 1e9;
    return seconds < 1 ? format("%.0f ms", 1000 * seconds) : format("%.1f s", seconds);
  }

  /** Returns an arrow in the direction of better values. */
  static String arrow(TaskMetric metric) {
    return metric.largerIsBetter() ? "\u2191" : "\u2193";
  }

  /** The beginning of a text. */
  static String head(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
    return text.substring(0, end)
        + "\u2026 ("
        + count(text.length() - (long) end)
        + " more characters)";
  }

  /** The end of a text, where a prompt has its question. */
  static String tail(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    int from = text.length() - most;
    from += Character.isLowSurrogate(text.charAt(from)) ? 1 : 0;
    return "(" + count(from) + " characters before) \u2026" + text.substring(from);
  }

  static String line(String text, int most) {
    String line = text.strip().replaceAll("\\s+", " ");
    if (line.length() <= most) {
      return line;
    }
    int end = Character.isHighSurrogate(line.charAt(most - 1)) ? most - 1 : most;
    return line.substring(0, end) + "\u2026";
  }
}

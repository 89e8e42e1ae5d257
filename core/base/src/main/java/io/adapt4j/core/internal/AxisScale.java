package io.adapt4j.core.internal;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Maps numbers to places along an axis. */
public record AxisScale(double low, double high, boolean logarithmic) {

  private static final int TICKS = 5;

  /**
   * Minimum span of a linear scale, relative to the size of its numbers; smaller changes are not
   * magnified.
   */
  private static final double LEAST_SPAN = 0.02;

  /** Smaller numbers count as zero. */
  private static final double LEAST_SIZE = 1e-9;

  private static final int MOST_DIGITS = 8;

  /**
   * Makes a linear scale with some room at both ends. It spans at least 2 % of the numbers' size,
   * so that tiny differences are not magnified; for zeros it spans 0 to 1.
   */
  public static AxisScale linear(double low, double high) {
    double size = Math.max(Math.abs(low), Math.abs(high));
    if (size < LEAST_SIZE) {
      return new AxisScale(0, 1, false);
    }
    double least = LEAST_SPAN * size;
    double room = Math.max(0.04 * (high - low), (least - (high - low)) / 2);
    return new AxisScale(low - room, high + room, false);
  }

  /** Makes a logarithmic scale with some room at both ends. */
  public static AxisScale logarithmic(double low, double high) {
    double factor = high > low ? Math.pow(high / low, 0.04) : 1.1;
    return new AxisScale(low / factor, high * factor, true);
  }

  /**
   * Returns the relative position of a number on the axis: from 0 for the start of the axis to 1
   * for its end.
   */
  public double place(double value) {
    return logarithmic
        ? Math.log(value / low) / Math.log(high / low)
        : (value - low) / (high - low);
  }

  /** Chooses round numbers along the axis. */
  public List<Double> ticks() {
    if (logarithmic) {
      List<Double> ticks = logarithmicTicks();
      if (ticks.size() >= 3) {
        return ticks;
      }
    }
    return linearTicks();
  }

  /** Formats the ticks with enough digits to distinguish them. */
  public List<String> labels() {
    List<Double> ticks = ticks();
    List<String> labels = ticks.stream().map(AxisScale::label).toList();
    for (int digits = 4; digits <= MOST_DIGITS && repeats(labels); digits++) {
      String pattern = "%." + digits + "g";
      labels = ticks.stream().map(tick -> significant(tick, pattern)).toList();
    }
    return labels;
  }

  private static boolean repeats(List<String> labels) {
    return labels.stream().distinct().count() < labels.size();
  }

  private static String significant(double value, String pattern) {
    if (value == 0) {
      return "0";
    }
    return new BigDecimal(String.format(Locale.ROOT, pattern, value))
        .stripTrailingZeros()
        .toPlainString();
  }

  private List<Double> linearTicks() {
    double raw = (high - low) / TICKS;
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    double step = power;
    for (double factor : new double[] {2, 5, 10}) {
      if (step < raw) {
        step = factor * power;
      }
    }
    List<Double> ticks = new ArrayList<>();
    for (long i = (long) Math.ceil(low / step); i * step <= high; i++) {
      ticks.add(i * step);
    }
    return ticks;
  }

  private List<Double> logarithmicTicks() {
    int first = (int) Math.floor(Math.log10(low));
    int last = (int) Math.ceil(Math.log10(high));
    double[] within = last - first <= 3 ? new double[] {1, 2, 5} : new double[] {1};
    int every = Math.max(1, (last - first) / TICKS);
    List<Double> ticks = new ArrayList<>();
    for (int decade = first; decade <= last; decade += every) {
      for (double factor : within) {
        double tick = factor * Math.pow(10, decade);
        if (tick >= low && tick <= high) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }

  /** Writes a number in a short form: {@code 0.25}, {@code 1200}, {@code 12k}, {@code 2e-4}. */
  public static String label(double value) {
    double size = Math.abs(value);
    if (size < 1e-12) {
      return "0";
    }
    if (size >= 1e6) {
      return size < 1e9 ? plain(value / 1e6) + "M" : exponent(value);
    }
    if (size >= 1e4) {
      return plain(value / 1e3) + "k";
    }
    return size < 1e-3 ? exponent(value) : plain(value);
  }

  private static String exponent(double value) {
    return String.format(Locale.ROOT, "%.2e", value)
        .replaceAll("\\.?0*e", "e")
        .replaceAll("e([+-])0*", "e$1")
        .replace("e+", "e");
  }

  private static String plain(double value) {
    int decimals = Math.max(0, 2 - (int) Math.floor(Math.log10(Math.abs(value))));
    String text = String.format(Locale.ROOT, "%." + decimals + "f", value);
    return text.contains(".") ? text.replaceAll("\\.?0+$", "") : text;
  }
}

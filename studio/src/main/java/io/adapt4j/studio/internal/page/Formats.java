package io.adapt4j.studio.internal.page;

import java.text.NumberFormat;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.Locale;

/** Numbers, sizes and times as the reader's language writes them. */
public record Formats(Locale locale) {

  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

  public String count(long number) {
    return NumberFormat.getIntegerInstance(locale).format(number);
  }

  public String decimal(double number, int digits) {
    NumberFormat format = NumberFormat.getNumberInstance(locale);
    format.setMinimumFractionDigits(digits);
    format.setMaximumFractionDigits(digits);
    return format.format(number);
  }

  /** Formats a number with three significant digits, in scientific notation if it is small. */
  public String figure(double number) {
    if (!Double.isFinite(number)) {
      return "–";
    }
    double size = Math.abs(number);
    if (size != 0 && size < 1e-3) {
      return String.format(locale, "%.2e", number);
    }
    return decimal(number, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
  }

  public String percent(double share) {
    NumberFormat format = NumberFormat.getPercentInstance(locale);
    format.setMaximumFractionDigits(share != 0 && share < 0.1 ? 1 : 0);
    return format.format(share);
  }

  /** Formats a share in percent with a digit after the decimal point. */
  public String share(double share) {
    NumberFormat format = NumberFormat.getPercentInstance(locale);
    format.setMinimumFractionDigits(1);
    format.setMaximumFractionDigits(1);
    return format.format(share);
  }

  public String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return decimal(value, unit > 0 && value < 100 ? 1 : 0) + "\u00a0" + UNITS[unit];
  }

  public String time(Instant time) {
    return DateTimeFormatter.ofLocalizedDateTime(FormatStyle.MEDIUM, FormatStyle.SHORT)
        .withLocale(locale)
        .withZone(ZoneId.systemDefault())
        .format(time);
  }

  /** Formats a duration as hours, minutes and seconds, without parts that are too small to tell. */
  public String duration(Duration time) {
    long seconds = Math.max(0, time.toSeconds());
    if (seconds < 60) {
      return seconds + "\u00a0s";
    }
    if (seconds < 3600) {
      return "%d\u00a0min %02d\u00a0s".formatted(seconds / 60, seconds % 60);
    }
    return "%d\u00a0h %02d\u00a0min".formatted(seconds / 3600, seconds % 3600 / 60);
  }
}

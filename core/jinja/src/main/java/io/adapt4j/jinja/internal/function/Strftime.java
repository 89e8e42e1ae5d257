package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Fault;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** Python's datetime.strftime on Linux, in the C locale, for a time without a zone. */
final class Strftime {

  private final ZonedDateTime time;
  private final StringBuilder out = new StringBuilder();

  private Strftime(ZonedDateTime time) {
    this.time = time;
  }

  static String format(ZonedDateTime time, String format) {
    Strftime formatter = new Strftime(time);
    formatter.all(format);
    return formatter.out.toString();
  }

  private void all(String format) {
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      c = format.charAt(++i);
      boolean unpadded = c == '-' && i + 1 < format.length();
      if (unpadded) {
        c = format.charAt(++i);
      }
      int start = out.length();
      directive(c);
      if (unpadded) {
        unpad(start);
      }
    }
  }

  private void unpad(int start) {
    while (start + 1 < out.length()
        && (out.charAt(start) == '0' || out.charAt(start) == ' ')
        && Character.isDigit(out.charAt(start + 1))) {
      out.deleteCharAt(start);
    }
  }

  private void directive(char c) {
    switch (c) {
      case 'Y' -> out.append(time.getYear());
      case 'y' -> number(time.getYear() % 100, 2, '0');
      case 'C' -> number(time.getYear() / 100, 2, '0');
      case 'm' -> number(time.getMonthValue(), 2, '0');
      case 'd' -> number(time.getDayOfMonth(), 2, '0');
      case 'e' -> number(time.getDayOfMonth(), 2, ' ');
      case 'j' -> number(time.getDayOfYear(), 3, '0');
      case 'B' -> out.append(time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH));
      case 'b', 'h' ->
          out.append(time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH), 0, 3);
      case 'A' -> out.append(time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH));
      case 'a' ->
          out.append(time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH), 0, 3);
      case 'u' -> out.append(time.getDayOfWeek().getValue());
      case 'w' -> out.append(time.getDayOfWeek().getValue() % 7);
      case '%' -> out.append('%');
      case 'n' -> out.append('\n');
      case 't' -> out.append('\t');
      case 'z', 'Z' -> {
        // datetime.now() has no zone, for which Python prints nothing.
      }
      default -> timeOrWeek(c);
    }
  }

  private void timeOrWeek(char c) {
    int hour12 = time.get(ChronoField.CLOCK_HOUR_OF_AMPM);
    switch (c) {
      case 'H' -> number(time.getHour(), 2, '0');
      case 'k' -> number(time.getHour(), 2, ' ');
      case 'I' -> number(hour12, 2, '0');
      case 'l' -> number(hour12, 2, ' ');
      case 'M' -> number(time.getMinute(), 2, '0');
      case 'S' -> number(time.getSecond(), 2, '0');
      case 'f' -> number(time.getNano() / 1000, 6, '0');
      case 'p' -> out.append(time.getHour() < 12 ? "AM" : "PM");
      case 'P' -> out.append(time.getHour() < 12 ? "am" : "pm");
      case 's' -> out.append(time.toEpochSecond());
      case 'U' ->
          number((time.getDayOfYear() + 6 - time.getDayOfWeek().getValue() % 7) / 7, 2, '0');
      case 'W' -> number((time.getDayOfYear() + 7 - time.getDayOfWeek().getValue()) / 7, 2, '0');
      case 'V' -> number(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, '0');
      case 'G' -> out.append(time.get(IsoFields.WEEK_BASED_YEAR));
      case 'g' -> number(time.get(IsoFields.WEEK_BASED_YEAR) % 100, 2, '0');
      default -> combined(c);
    }
  }

  private void combined(char c) {
    switch (c) {
      case 'c' -> all("%a %b %e %H:%M:%S %Y");
      case 'x', 'D' -> all("%m/%d/%y");
      case 'X', 'T' -> all("%H:%M:%S");
      case 'F' -> out.append(time.format(DateTimeFormatter.ISO_LOCAL_DATE));
      case 'R' -> all("%H:%M");
      case 'r' -> all("%I:%M:%S %p");
      default -> throw Fault.unsupported("'%" + c + "' in strftime_now");
    }
  }

  private void number(int value, int width, char fill) {
    String digits = Integer.toString(value);
    out.append(String.valueOf(fill).repeat(Math.max(0, width - digits.length()))).append(digits);
  }
}

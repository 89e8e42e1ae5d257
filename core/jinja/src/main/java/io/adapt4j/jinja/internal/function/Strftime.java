package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Fault;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** Python's datetime.strftime in the C locale, for a time without a zone. */
final class Strftime {

  /** Directives and the patterns of {@link DateTimeFormatter} that print the same. */
  private static final Map<Character, String> PATTERNS =
      Map.ofEntries(
          Map.entry('Y', "uuuu"),
          Map.entry('y', "uu"),
          Map.entry('m', "MM"),
          Map.entry('d', "dd"),
          Map.entry('e', "ppd"),
          Map.entry('j', "DDD"),
          Map.entry('B', "MMMM"),
          Map.entry('b', "MMM"),
          Map.entry('h', "MMM"),
          Map.entry('A', "EEEE"),
          Map.entry('a', "EEE"),
          Map.entry('H', "HH"),
          Map.entry('I', "hh"),
          Map.entry('M', "mm"),
          Map.entry('S', "ss"),
          Map.entry('f', "SSSSSS"),
          Map.entry('p', "a"),
          Map.entry('F', "uuuu-MM-dd"),
          Map.entry('D', "MM/dd/uu"),
          Map.entry('x', "MM/dd/uu"),
          Map.entry('T', "HH:mm:ss"),
          Map.entry('X', "HH:mm:ss"),
          Map.entry('R', "HH:mm"),
          Map.entry('c', "EEE MMM ppd HH:mm:ss uuuu"),
          Map.entry('%', "'%'"),
          // datetime.now() has no zone, for which Python prints nothing.
          Map.entry('z', ""),
          Map.entry('Z', ""));

  private Strftime() {}

  static String format(ZonedDateTime time, String format) {
    StringBuilder out = new StringBuilder();
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
      String value = directive(time, c);
      out.append(unpadded ? value.replaceFirst("^[0 ]+(?=\\d)", "") : value);
    }
    return out.toString();
  }

  private static String directive(ZonedDateTime time, char c) {
    String pattern = PATTERNS.get(c);
    if (pattern == null) {
      throw Fault.unsupported("'%" + c + "' in strftime_now");
    }
    return pattern.isEmpty()
        ? ""
        : DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
  }
}

package io.adapt4j.jinja.internal.value;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code format % values}, for texts, decimal integers and fixed-point numbers. */
public final class PercentFormat {

  private static final Pattern CONVERSION =
      Pattern.compile("(?s)%(?:\\(([^()]*)\\))?([-+ 0]*)(\\d{1,9})?(?:\\.(\\d{0,9}))?[hlL]?(.)");

  private final Run run;
  private final String format;
  private final Object values;
  private final StringBuilder out = new StringBuilder();
  private int used;

  private PercentFormat(Run run, String format, Object values) {
    this.run = run;
    this.format = format;
    this.values = values;
  }

  public static String format(Run run, Object format, Object values) {
    if (format instanceof Markup) {
      throw Fault.unsupported("'%' with escaped text");
    }
    return new PercentFormat(run, (String) format, values).formatted();
  }

  private String formatted() {
    Matcher conversion = CONVERSION.matcher(format);
    int at = 0;
    for (int percent = format.indexOf('%'); percent >= 0; percent = format.indexOf('%', at)) {
      add(format.substring(at, percent));
      if (!conversion.region(percent, format.length()).lookingAt()) {
        throw new Fault("incomplete format");
      }
      add(converted(conversion));
      at = conversion.end();
    }
    add(format.substring(at));
    boolean mapping =
        values instanceof Dict || values instanceof List || values instanceof Undefined;
    if (!mapping && used < count()) {
      throw new Fault("not all arguments converted during string formatting");
    }
    return out.toString();
  }

  private int count() {
    return values instanceof Tuple tuple ? tuple.items().size() : 1;
  }

  private String converted(Matcher parts) {
    char type = parts.group(5).charAt(0);
    Object value = parts.group(1) == null ? null : named(parts.group(1));
    if (type == '%') {
      return "%";
    }
    value = parts.group(1) == null ? next() : value;
    return switch (type) {
      case 's' -> spec(parts, 's', false).text(run, Repr.str(run, value));
      case 'r' -> spec(parts, 's', false).text(run, Repr.of(run, value));
      case 'd', 'i', 'u' ->
          spec(parts, 'd', true)
              .number(run, value instanceof Double real ? Numbers.toInteger(real) : number(value));
      case 'f', 'F' -> spec(parts, type, isFinite(number(value))).number(run, value);
      default -> throw Fault.unsupported("the format '%" + type + "'");
    };
  }

  private Object named(String name) {
    if (!(values instanceof Dict dict)) {
      throw new Fault("format requires a mapping");
    }
    Object value = dict.get(name, Arguments.MISSING);
    if (value == Arguments.MISSING) {
      throw new Fault("the format needs a value for '" + name + "'");
    }
    return value;
  }

  private Object next() {
    if (used >= count()) {
      throw new Fault("not enough arguments for format string");
    }
    int index = used++;
    return values instanceof Tuple tuple ? tuple.items().get(index) : values;
  }

  private static Object number(Object value) {
    if (!Numbers.isNumber(value)) {
      throw new Fault("a format needs a number, found " + Values.typeName(value));
    }
    return value;
  }

  private static boolean isFinite(Object value) {
    return Double.isFinite(Numbers.real(value));
  }

  private static FormatSpec spec(Matcher parts, char type, boolean numeric) {
    String flags = parts.group(2);
    boolean left = flags.contains("-");
    boolean zeros = numeric && !left && flags.contains("0");
    boolean signed = type != 's';
    String digits = parts.group(4);
    return new FormatSpec(
        zeros ? "0" : " ",
        left ? "<" : zeros ? "=" : ">",
        signed && flags.contains("+") ? "+" : signed && flags.contains(" ") ? " " : "-",
        parts.group(3) == null ? 0 : Integer.parseInt(parts.group(3)),
        "",
        digits == null ? -1 : digits.isEmpty() ? 0 : Integer.parseInt(digits),
        type);
  }

  private void add(String text) {
    run.grow(out.length(), text.length());
    out.append(text);
  }
}

package io.adapt4j.jinja.internal.value;

import java.math.BigInteger;
import java.util.List;
import java.util.Locale;

/** Python's {@code format % values}. */
public final class PercentFormat {

  private final Run run;
  private final String format;
  private final Object values;
  private final StringBuilder out = new StringBuilder();
  private int at;
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

  /** The part between the percent sign and the letter. */
  private static final class Spec {
    private boolean left;
    private boolean zero;
    private boolean alternate;
    private String plus = "";
    private int width;
    private int precision = -1;
    private Object named = Arguments.MISSING;
  }

  private String formatted() {
    while (at < format.length()) {
      int percent = format.indexOf('%', at);
      int end = percent < 0 ? format.length() : percent;
      add(format.substring(at, end));
      at = end + 1;
      if (percent >= 0) {
        conversion();
      }
    }
    boolean mapping =
        values instanceof Dict || values instanceof List || values instanceof Undefined;
    int count = values instanceof Tuple tuple ? tuple.items().size() : 1;
    if (!mapping && used < count) {
      throw new Fault("not all arguments converted during string formatting");
    }
    return out.toString();
  }

  private char peek() {
    if (at >= format.length()) {
      throw new Fault("incomplete format");
    }
    return format.charAt(at);
  }

  private void conversion() {
    Spec spec = new Spec();
    if (peek() == '(') {
      name(spec);
    }
    flags(spec);
    spec.width = number(spec, true);
    if (peek() == '.') {
      at++;
      spec.precision = Math.max(0, number(spec, false));
    }
    while ("hlL".indexOf(peek()) >= 0) {
      at++;
    }
    char type = peek();
    at++;
    if (type == '%') {
      add("%");
    } else {
      convert(spec, type);
    }
  }

  private void name(Spec spec) {
    int depth = 1;
    int start = ++at;
    while (depth > 0) {
      char c = peek();
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      at++;
    }
    String name = format.substring(start, at - 1);
    if (!(values instanceof Dict dict)) {
      throw new Fault("format requires a mapping");
    }
    spec.named = dict.get(name, Arguments.MISSING);
    if (spec.named == Arguments.MISSING) {
      throw new Fault("the format needs a value for '" + name + "'");
    }
  }

  private void flags(Spec spec) {
    while ("-+ #0".indexOf(peek()) >= 0) {
      switch (format.charAt(at++)) {
        case '-' -> spec.left = true;
        case '+' -> spec.plus = "+";
        case ' ' -> spec.plus = spec.plus.isEmpty() ? " " : spec.plus;
        case '#' -> spec.alternate = true;
        default -> spec.zero = true;
      }
    }
  }

  private int number(Spec spec, boolean width) {
    if (peek() == '*') {
      at++;
      int value = Values.size("*", next());
      if (width && value < 0) {
        spec.left = true;
      }
      return width ? Math.abs(value) : value;
    }
    long value = 0;
    while (peek() >= '0' && peek() <= '9') {
      value = Math.min(Integer.MAX_VALUE, value * 10 + (format.charAt(at++) - '0'));
    }
    return (int) value;
  }

  private Object next() {
    int count = values instanceof Tuple tuple ? tuple.items().size() : 1;
    if (used >= count) {
      throw new Fault("not enough arguments for format string");
    }
    int index = used++;
    return values instanceof Tuple tuple ? tuple.items().get(index) : values;
  }

  private void convert(Spec spec, char type) {
    Object value = spec.named == Arguments.MISSING ? next() : spec.named;
    switch (type) {
      case 's' -> text(spec, Repr.str(run, value));
      case 'r' -> text(spec, Repr.of(run, value));
      case 'c' -> text(spec, character(value));
      case 'd', 'i', 'u' -> integer(spec, type, decimal(value, type));
      case 'x', 'X', 'o' -> integer(spec, type, whole(value, type));
      case 'e', 'E', 'f', 'F', 'g', 'G' -> real(spec, type, value);
      default -> throw new Fault("unsupported format character '" + type + "'");
    }
  }

  private static String character(Object value) {
    if (Values.isText(value) && Text.length(Values.text(value)) == 1) {
      return Values.text(value);
    }
    long code = Values.isText(value) ? -1 : Values.integer("a character", value);
    if (code < 0 || code > Character.MAX_CODE_POINT) {
      throw new Fault("the format character c needs an integer or a single character");
    }
    return Character.toString((int) code);
  }

  private static BigInteger decimal(Object value, char type) {
    return value instanceof Double number
        ? Numbers.big(Numbers.toInteger(number))
        : whole(value, type);
  }

  private static BigInteger whole(Object value, char type) {
    if (!Numbers.isInteger(value)) {
      throw new Fault("%" + type + " format: a number is required, not " + Values.typeName(value));
    }
    return Numbers.big(value);
  }

  private void text(Spec spec, String text) {
    boolean cut = spec.precision >= 0 && Text.length(text) > spec.precision;
    pad(spec, "", cut ? Text.slice(text, 0, spec.precision) : text, false);
  }

  private void integer(Spec spec, char type, BigInteger value) {
    int base = type == 'o' ? 8 : Character.toLowerCase(type) == 'x' ? 16 : 10;
    String digits = Numbers.integerText(Numbers.normal(value.abs()));
    digits = base == 10 ? digits : value.abs().toString(base);
    int missing = Math.max(0, spec.precision - digits.length());
    run.make(missing);
    digits = "0".repeat(missing) + digits;
    String prefix = !spec.alternate || base == 10 ? "" : "0" + Character.toLowerCase(type);
    if (type == 'X') {
      digits = digits.toUpperCase(Locale.ROOT);
      prefix = prefix.toUpperCase(Locale.ROOT);
    }
    pad(spec, sign(spec, value.signum() < 0) + prefix, digits, spec.zero);
  }

  private void real(Spec spec, char type, Object value) {
    if (!Numbers.isNumber(value)) {
      throw new Fault("must be real number, not " + Values.typeName(value));
    }
    double number = Numbers.real(value);
    int precision = spec.precision < 0 ? 6 : spec.precision;
    run.make(precision);
    boolean negative = number < 0 || (number == 0 && 1 / number < 0);
    boolean finite = !Double.isNaN(number) && !Double.isInfinite(number);
    pad(
        spec,
        sign(spec, negative),
        Decimals.write(number, type, precision, spec.alternate),
        spec.zero && finite);
  }

  private static String sign(Spec spec, boolean negative) {
    return negative ? "-" : spec.plus;
  }

  private void pad(Spec spec, String prefix, String text, boolean zeros) {
    int missing = Math.max(0, spec.width - Text.length(prefix) - Text.length(text));
    run.make(missing);
    if (spec.left) {
      add(prefix + text + " ".repeat(missing));
    } else if (zeros) {
      add(prefix + "0".repeat(missing) + text);
    } else {
      add(" ".repeat(missing) + prefix + text);
    }
  }

  private void add(String text) {
    run.grow(out.length(), text.length());
    out.append(text);
  }
}

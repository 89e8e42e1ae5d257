package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Decimals;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Numbers;
import io.adapt4j.jinja.internal.value.Operators;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Text;
import io.adapt4j.jinja.internal.value.Undefined;
import io.adapt4j.jinja.internal.value.Values;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Filters on numbers. */
final class NumberFilters {

  private static final Pattern REAL =
      Pattern.compile(
          "[+-]?(?:(?:\\d+(?:_\\d+)*)?\\.?\\d+(?:_\\d+)*|\\d+(?:_\\d+)*\\.)(?:[eE][+-]?\\d+)?");
  private static final int LONGEST_NUMBER = 1000;

  private NumberFilters() {}

  static void addTo(Map<String, Filter> filters) {
    filters.put("abs", NumberFilters::abs);
    filters.put("int", NumberFilters::toInt);
    filters.put("float", NumberFilters::toFloat);
    filters.put("round", NumberFilters::round);
    filters.put("filesizeformat", NumberFilters::fileSize);
  }

  private static Object abs(Run run, Object value, Arguments arguments) {
    arguments.bind("abs", 0);
    if (value instanceof Double number) {
      return Math.abs(number);
    }
    if (Numbers.isInteger(value)) {
      return Numbers.normal(Numbers.big(value).abs());
    }
    throw value instanceof Undefined undefined
        ? undefined.fault()
        : new Fault("bad operand type for abs(): '" + Values.typeName(value) + "'");
  }

  private static Object toInt(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("int", 0, "default", "base");
    int base = values[1] == Arguments.MISSING ? 10 : Values.size("base", values[1]);
    requireDefined(value);
    Object number = null;
    if (Numbers.isInteger(value)) {
      number = Numbers.normal(Numbers.big(value));
    } else if (value instanceof Double real) {
      number = real.isNaN() || real.isInfinite() ? null : Numbers.toInteger(real);
    } else if (Values.isText(value)) {
      number = parsed(Values.text(value), base);
    }
    return number == null ? FilterArguments.orElse(values[0], 0L) : number;
  }

  private static void requireDefined(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.fault();
    }
  }

  /** Returns null if it is not a number. */
  private static Object parsed(String text, int base) {
    String digits = Text.strip(text);
    Object integer = integer(digits, base);
    if (integer != null) {
      return integer;
    }
    Double real = real(digits);
    return real == null || real.isInfinite() || real.isNaN() ? null : Numbers.toInteger(real);
  }

  private static Object integer(String text, int base) {
    boolean signed = text.startsWith("-") || text.startsWith("+");
    String digits = (signed ? text.substring(1) : text).toLowerCase(Locale.ROOT);
    String prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : "\n";
    if (base < 2 || base > 36) {
      throw Fault.unsupported("the number base " + base);
    }
    if (digits.startsWith(prefix)) {
      digits = digits.substring(prefix.length());
      digits = digits.startsWith("_") ? digits.substring(1) : digits;
    }
    boolean valid =
        digits.length() <= LONGEST_NUMBER
            && digits.matches("[0-9a-z]+(_[0-9a-z]+)*")
            && digits.chars().allMatch(c -> c == '_' || Character.digit(c, base) >= 0);
    if (!valid) {
      return null;
    }
    BigInteger value = new BigInteger(digits.replace("_", ""), base);
    return Numbers.normal(text.startsWith("-") ? value.negate() : value);
  }

  /** Returns null if it is not a number. */
  private static Double real(String text) {
    String plain = text.toLowerCase(Locale.ROOT);
    String unsigned = plain.startsWith("-") || plain.startsWith("+") ? plain.substring(1) : plain;
    double sign = plain.startsWith("-") ? -1 : 1;
    if (unsigned.equals("inf") || unsigned.equals("infinity")) {
      return sign * Double.POSITIVE_INFINITY;
    }
    if (unsigned.equals("nan")) {
      return Double.NaN;
    }
    return text.length() <= LONGEST_NUMBER && REAL.matcher(text).matches()
        ? Double.valueOf(text.replace("_", ""))
        : null;
  }

  private static Object toFloat(Run run, Object value, Arguments arguments) {
    Object otherwise = FilterArguments.orElse(arguments.bind("float", 0, "default")[0], 0.0);
    requireDefined(value);
    if (Numbers.isNumber(value)) {
      return Numbers.real(value);
    }
    Double number = Values.isText(value) ? real(Text.strip(Values.text(value))) : null;
    return number == null ? otherwise : number;
  }

  private static Object round(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("round", 0, "precision", "method");
    int precision = values[0] == Arguments.MISSING ? 0 : Values.size("precision", values[0]);
    String method = Values.requireText("method", FilterArguments.orElse(values[1], "common"));
    requireDefined(value);
    if (!Numbers.isNumber(value)) {
      throw new Fault("type " + Values.typeName(value) + " cannot be rounded");
    }
    if (Math.abs((long) precision) > 400) {
      throw new Fault("a precision is larger than 400");
    }
    return switch (method) {
      case "common" -> rounded(value, precision);
      case "ceil" -> scaled(run, value, precision, true);
      case "floor" -> scaled(run, value, precision, false);
      default -> throw new Fault("method must be common, ceil or floor");
    };
  }

  private static Object rounded(Object value, int precision) {
    if (Numbers.isInteger(value)) {
      BigDecimal exact = new BigDecimal(Numbers.big(value));
      return precision >= 0
          ? Numbers.normal(Numbers.big(value))
          : Numbers.normal(exact.setScale(precision, RoundingMode.HALF_EVEN).toBigInteger());
    }
    double number = (Double) value;
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      return number;
    }
    double result =
        new BigDecimal(number).setScale(precision, RoundingMode.HALF_EVEN).doubleValue();
    return Math.copySign(result, number);
  }

  private static Object scaled(Run run, Object value, int precision, boolean up) {
    Object scale = Operators.apply(run, "**", 10L, (long) precision);
    Object product = Operators.apply(run, "*", value, scale);
    double number = Numbers.real(product);
    Object whole = Numbers.toInteger(up ? Math.ceil(number) : Math.floor(number));
    return Operators.apply(run, "/", whole, scale);
  }

  private static Object fileSize(Run run, Object value, Arguments arguments) {
    boolean binary = FilterArguments.flag(arguments.bind("filesizeformat", 0, "binary")[0]);
    requireDefined(value);
    Double number =
        Numbers.isNumber(value)
            ? Double.valueOf(Numbers.real(value))
            : Values.isText(value) ? real(Text.strip(Values.text(value))) : null;
    if (number == null) {
      throw new Fault("could not convert " + Values.typeName(value) + " to a file size");
    }
    double base = binary ? 1024 : 1000;
    if (number == 1) {
      return "1 Byte";
    }
    if (number < base) {
      return Numbers.integerText(Numbers.toInteger(number)) + " Bytes";
    }
    String[] prefixes = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
    int power = 0;
    while (power < prefixes.length - 1 && number >= Math.pow(base, power + 2.0)) {
      power++;
    }
    double size = base * number / Math.pow(base, power + 2.0);
    String prefix = binary ? prefixes[power].toUpperCase(Locale.ROOT) + "i" : prefixes[power];
    return Decimals.write(size, 'f', 1, false) + " " + prefix + "B";
  }
}

package io.adapt4j.jinja.internal.value;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Python's format specification, such as {@code >8} in {@code {0:>8}}, for texts, decimal integers
 * and fixed-point numbers.
 *
 * @param precision digits after the point, or characters of a text; -1 if there is none
 * @param type the letter of the type; a space if there is none
 */
public record FormatSpec(
    String fill, String align, String sign, int width, String grouping, int precision, char type) {

  private static final Pattern SPEC =
      Pattern.compile(
          "(?s)(?:(.)?([<>=^]))?([-+ ])?(0)?(\\d{1,9})?([,_])?(?:\\.(\\d{1,9}))?([a-zA-Z%])?");
  private static final int LARGEST_PRECISION = 10_000;
  private static final int DEFAULT_PRECISION = 6;

  private static FormatSpec parse(String spec) {
    Matcher parts = SPEC.matcher(spec);
    if (!parts.matches()) {
      throw new Fault("invalid or unsupported format specifier '" + spec + "'");
    }
    boolean zero = parts.group(4) != null;
    return new FormatSpec(
        orElse(parts.group(1), zero ? "0" : " "),
        orElse(parts.group(2), zero ? "=" : ""),
        orElse(parts.group(3), "-"),
        Integer.parseInt(orElse(parts.group(5), "0")),
        orElse(parts.group(6), ""),
        Integer.parseInt(orElse(parts.group(7), "-1")),
        orElse(parts.group(8), " ").charAt(0));
  }

  private static String orElse(String part, String otherwise) {
    return part == null ? otherwise : part;
  }

  public static String format(Run run, Object value, String spec) {
    if (spec.isEmpty()) {
      return Repr.str(run, value);
    }
    if (Values.isText(value)) {
      return parse(spec).text(run, Values.text(value));
    }
    if (Numbers.isNumber(value)) {
      return parse(spec).number(run, value);
    }
    throw new Fault("unsupported format string passed to " + Values.typeName(value));
  }

  String text(Run run, String text) {
    boolean fits = type == ' ' || type == 's';
    boolean explicitEquals = align.equals("=") && !fill.equals("0");
    if (!fits || explicitEquals || !sign.equals("-") || !grouping.isEmpty()) {
      throw new Fault("a format specifier does not fit a text");
    }
    boolean cut = precision >= 0 && Text.length(text) > precision;
    return pad(
        run, "", cut ? Text.slice(text, 0, precision) : text, align.equals("=") ? "<" : align, "<");
  }

  String number(Run run, Object value) {
    boolean negative;
    String digits;
    if (value instanceof Double || "fF%".indexOf(type) >= 0) {
      double number = Numbers.real(value);
      negative = number < 0 || (number == 0 && 1 / number < 0);
      digits = real(run, Math.abs(number));
    } else {
      if (precision >= 0) {
        throw new Fault("Precision not allowed in integer format specifier");
      }
      requireType(" dn", value);
      negative = Numbers.big(value).signum() < 0;
      digits = Numbers.integerText(Numbers.normal(Numbers.big(value).abs()));
    }
    int end = 0;
    while (end < digits.length() && Character.isDigit(digits.charAt(end))) {
      end++;
    }
    String signed = negative ? "-" : sign.equals("-") ? "" : sign;
    return padNumber(run, signed, digits.substring(0, end), digits.substring(end));
  }

  private void requireType(String supported, Object value) {
    if (supported.indexOf(type) < 0) {
      throw Fault.unsupported("the format '" + type + "' of a value of " + Values.typeName(value));
    }
  }

  private String real(Run run, double value) {
    requireType(precision < 0 ? " fF%" : "fF%", value);
    if (type == ' ') {
      return Numbers.realText(value);
    }
    double scaled = type == '%' ? value * 100 : value;
    String percent = type == '%' ? "%" : "";
    if (Double.isNaN(scaled) || Double.isInfinite(scaled)) {
      String name = Double.isNaN(scaled) ? "nan" : "inf";
      return (type == 'F' ? Cases.upper(name) : name) + percent;
    }
    int digits = precision < 0 ? DEFAULT_PRECISION : precision;
    if (digits > LARGEST_PRECISION) {
      throw new Fault("a precision is larger than " + LARGEST_PRECISION);
    }
    run.make(digits);
    return new BigDecimal(scaled).setScale(digits, RoundingMode.HALF_EVEN).toPlainString()
        + percent;
  }

  private String padNumber(Run run, String prefix, String digits, String rest) {
    if (grouping.isEmpty() || digits.isEmpty()) {
      return pad(run, prefix, digits + rest, align, ">");
    }
    String padded = digits;
    if (align.equals("=") && fill.equals("0")) {
      while (prefix.length() + grouped(padded).length() + rest.length() < width) {
        run.work(padded.length());
        padded = "0" + padded;
      }
    }
    return pad(run, prefix, grouped(padded) + rest, align, ">");
  }

  private String grouped(String digits) {
    StringBuilder out = new StringBuilder(digits);
    for (int i = digits.length() - 3; i > 0; i -= 3) {
      out.insert(i, grouping);
    }
    return out.toString();
  }

  private String pad(Run run, String prefix, String text, String wanted, String standard) {
    int missing = Math.max(0, width - prefix.length() - Text.length(text));
    run.make(missing);
    String how = wanted.isEmpty() ? standard : wanted;
    return switch (how) {
      case "<" -> prefix + text + fill.repeat(missing);
      case "^" -> fill.repeat(missing / 2) + prefix + text + fill.repeat(missing - missing / 2);
      case "=" -> prefix + fill.repeat(missing) + text;
      default -> fill.repeat(missing) + prefix + text;
    };
  }
}

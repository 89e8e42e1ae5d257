package io.adapt4j.jinja.internal.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's format specification, such as {@code >8} in {@code {0:>8}}. */
public final class FormatSpec {

  private static final Pattern SPEC =
      Pattern.compile(
          "(?s)(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\\d{1,9})?([,_])?(?:\\.(\\d{1,9}))?([a-zA-Z%])?");

  private final Run run;
  private final String fill;
  private final String align;
  private final String sign;
  private final boolean alternate;
  private final int width;
  private final String grouping;
  private final int precision;
  private final char type;

  private FormatSpec(Run run, String spec) {
    Matcher parts = SPEC.matcher(spec);
    if (!parts.matches()) {
      throw new Fault("invalid format specifier '" + spec + "'");
    }
    this.run = run;
    boolean zero = parts.group(5) != null;
    this.fill = parts.group(1) != null ? parts.group(1) : zero ? "0" : " ";
    this.align = parts.group(2) != null ? parts.group(2) : zero ? "=" : "";
    this.sign = parts.group(3) == null ? "-" : parts.group(3);
    this.alternate = parts.group(4) != null;
    this.width = parts.group(6) == null ? 0 : Integer.parseInt(parts.group(6));
    this.grouping = parts.group(7) == null ? "" : parts.group(7);
    this.precision = parts.group(8) == null ? -1 : Integer.parseInt(parts.group(8));
    this.type = parts.group(9) == null ? ' ' : parts.group(9).charAt(0);
  }

  public static String format(Run run, Object value, String spec) {
    if (spec.isEmpty()) {
      return Repr.str(run, value);
    }
    if (Values.isText(value)) {
      return new FormatSpec(run, spec).text(Values.text(value));
    }
    if (Numbers.isNumber(value)) {
      return new FormatSpec(run, spec).number(value);
    }
    throw new Fault("unsupported format string passed to " + Values.typeName(value));
  }

  private String text(String text) {
    boolean fits = type == ' ' || type == 's';
    boolean explicitEquals = align.equals("=") && !fill.equals("0");
    if (!fits || explicitEquals || alternate || !sign.equals("-") || !grouping.isEmpty()) {
      throw new Fault("a format specifier does not fit a text");
    }
    boolean cut = precision >= 0 && Text.length(text) > precision;
    return pad(
        "", cut ? Text.slice(text, 0, precision) : text, align.equals("=") ? "<" : align, "<");
  }

  private String number(Object value) {
    boolean real = value instanceof Double || "eEfFgG%".indexOf(type) >= 0;
    if (real) {
      return real(Numbers.real(value), value instanceof Double);
    }
    return integer(Numbers.big(value));
  }

  private String integer(BigInteger value) {
    if (precision >= 0) {
      throw new Fault("Precision not allowed in integer format specifier");
    }
    if (type == 'c') {
      if (value.bitLength() > 31 || !Character.isValidCodePoint(value.intValue())) {
        throw new Fault("character code not in range(0x110000)");
      }
      return pad("", Character.toString(value.intValue()), align, "<");
    }
    int base =
        switch (type) {
          case 'b' -> 2;
          case 'o' -> 8;
          case 'x', 'X' -> 16;
          case ' ', 'd', 'n' -> 10;
          default -> throw unknownType("int");
        };
    String digits = value.abs().toString(base);
    String prefix = alternate && base != 10 ? "0" + Character.toLowerCase(type) : "";
    if (type == 'X') {
      digits = digits.toUpperCase(Locale.ROOT);
      prefix = prefix.toUpperCase(Locale.ROOT);
    }
    String signed = signOf(value.signum() < 0) + prefix;
    return padNumber(signed, digits, "", base == 10 ? 3 : 4);
  }

  private Fault unknownType(String kind) {
    return new Fault("Unknown format code '" + type + "' for object of type '" + kind + "'");
  }

  private String signOf(boolean negative) {
    return negative ? "-" : sign.equals("-") ? "" : sign;
  }

  private String real(double value, boolean isReal) {
    if ("eEfFgGn% ".indexOf(type) < 0) {
      throw unknownType(isReal ? "float" : "int");
    }
    boolean negative = value < 0 || (value == 0 && 1 / value < 0);
    String text = written(Math.abs(value));
    int end = 0;
    while (end < text.length() && Character.isDigit(text.charAt(end))) {
      end++;
    }
    return padNumber(signOf(negative), text.substring(0, end), text.substring(end), 3);
  }

  private String written(double value) {
    run.make(Math.max(0, precision));
    int digits = precision < 0 ? 6 : precision;
    return switch (type) {
      case '%' -> Decimals.write(value * 100, 'f', digits, alternate) + "%";
      case ' ' -> precision < 0 ? Numbers.realText(value) : shortest(value);
      case 'n' -> Decimals.write(value, 'g', digits, alternate);
      default -> Decimals.write(value, type, digits, alternate);
    };
  }

  /** Like g, but with at least one digit after the point, and scientific one digit earlier. */
  private String shortest(double value) {
    int digits = Math.max(1, precision);
    boolean finite = !Double.isNaN(value) && !Double.isInfinite(value);
    if (finite && Decimals.exponent(new BigDecimal(value), digits) == digits - 1) {
      String scientific = Decimals.write(value, 'e', digits - 1, false);
      int power = scientific.indexOf('e');
      String mantissa = scientific.substring(0, power).replaceFirst("\\.?0*$", "");
      return (mantissa.isEmpty() ? "0" : mantissa) + scientific.substring(power);
    }
    String text = Decimals.write(value, 'g', digits, false);
    return finite && text.indexOf('.') < 0 && text.indexOf('e') < 0 ? text + ".0" : text;
  }

  private String padNumber(String prefix, String digits, String rest, int group) {
    if (grouping.isEmpty() || digits.isEmpty()) {
      return pad(prefix, digits + rest, align, ">");
    }
    String padded = digits;
    if (align.equals("=") && fill.equals("0")) {
      while (prefix.length() + grouped(padded, group).length() + rest.length() < width) {
        run.work(padded.length());
        padded = "0" + padded;
      }
    }
    return pad(prefix, grouped(padded, group) + rest, align, ">");
  }

  private String grouped(String digits, int group) {
    StringBuilder out = new StringBuilder(digits);
    for (int i = digits.length() - group; i > 0; i -= group) {
      out.insert(i, grouping);
    }
    return out.toString();
  }

  private String pad(String prefix, String text, String wanted, String standard) {
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

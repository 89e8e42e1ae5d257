package io.adapt4j.jinja.internal.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;

/** Python's arithmetic operators, on numbers and on sequences. */
public final class Operators {

  private static final int LARGEST_EXPONENT = 1 << 16;

  private Operators() {}

  public static Object apply(String operator, Object operand) {
    if (operand instanceof Undefined undefined) {
      throw undefined.fault();
    }
    boolean negates = operator.equals("-");
    if (operand instanceof Double number) {
      return negates ? -number : number;
    }
    if (Numbers.isInteger(operand)) {
      BigInteger value = Numbers.big(operand);
      return Numbers.normal(negates ? value.negate() : value);
    }
    throw new Fault(
        "bad operand type for unary " + operator + ": '" + Values.typeName(operand) + "'");
  }

  public static Object apply(Run run, String operator, Object left, Object right) {
    run.step(1);
    if (operator.equals("%") && Values.isText(left)) {
      return PercentFormat.format(run, left, right);
    }
    if (left instanceof Undefined undefined) {
      throw undefined.fault();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.fault();
    }
    if (Numbers.isInteger(left) && Numbers.isInteger(right)) {
      return integers(run, operator, left, right);
    }
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return reals(operator, Numbers.real(left), Numbers.real(right));
    }
    return sequences(run, operator, left, right);
  }

  private static Object integers(Run run, String operator, Object left, Object right) {
    BigInteger a = Numbers.big(left);
    BigInteger b = Numbers.big(right);
    run.work((long) a.bitLength() + b.bitLength());
    return switch (operator) {
      case "+" -> Numbers.normal(a.add(b));
      case "-" -> Numbers.normal(a.subtract(b));
      case "*" -> Numbers.normal(a.multiply(b));
      case "/" -> quotient(a, requireNotZero(b));
      case "//" -> Numbers.normal(floor(a, requireNotZero(b))[0]);
      case "%" -> Numbers.normal(floor(a, requireNotZero(b))[1]);
      case "**" -> power(a, b);
      default -> throw new IllegalArgumentException(operator);
    };
  }

  private static BigInteger requireNotZero(BigInteger divisor) {
    if (divisor.signum() == 0) {
      throw new Fault("division by zero");
    }
    return divisor;
  }

  private static double quotient(BigInteger a, BigInteger b) {
    boolean exact = a.bitLength() <= 53 && b.bitLength() <= 53;
    return exact
        ? a.doubleValue() / b.doubleValue()
        : new BigDecimal(a).divide(new BigDecimal(b), new MathContext(40)).doubleValue();
  }

  /** Returns the quotient rounded down, and the remainder. */
  private static BigInteger[] floor(BigInteger a, BigInteger b) {
    BigInteger[] parts = a.divideAndRemainder(b);
    if (parts[1].signum() != 0 && parts[1].signum() != b.signum()) {
      parts[0] = parts[0].subtract(BigInteger.ONE);
      parts[1] = parts[1].add(b);
    }
    return parts;
  }

  private static Object power(BigInteger base, BigInteger exponent) {
    if (exponent.signum() < 0) {
      return realPower(base.doubleValue(), exponent.doubleValue());
    }
    if (base.abs().compareTo(BigInteger.ONE) <= 0) {
      boolean odd = exponent.testBit(0);
      return base.signum() == 0
          ? (Object) (exponent.signum() == 0 ? 1L : 0L)
          : (Object) (base.signum() < 0 && odd ? -1L : 1L);
    }
    long bits =
        exponent.bitLength() > 31 ? Long.MAX_VALUE : base.bitLength() * exponent.longValue();
    if (bits > 2L * LARGEST_EXPONENT) {
      throw new Fault("a power has too many digits");
    }
    return Numbers.normal(base.pow(exponent.intValueExact()));
  }

  private static Object reals(String operator, double a, double b) {
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / requireNotZero(b);
      case "//" -> floor(a, requireNotZero(b));
      case "%" -> remainder(a, requireNotZero(b));
      case "**" -> realPower(a, b);
      default -> throw new IllegalArgumentException(operator);
    };
  }

  private static double requireNotZero(double divisor) {
    if (divisor == 0) {
      throw new Fault("float division by zero");
    }
    return divisor;
  }

  private static double remainder(double a, double b) {
    double rest = a % b;
    if (rest == 0) {
      return Math.copySign(0.0, b);
    }
    return (rest < 0) == (b < 0) ? rest : rest + b;
  }

  private static double floor(double a, double b) {
    double exact = (a - remainder(a, b)) / b;
    double down = Math.floor(exact);
    return exact - down > 0.5 ? down + 1 : down;
  }

  private static Object realPower(double base, double exponent) {
    if (base == 0 && exponent < 0) {
      throw new Fault("0.0 cannot be raised to a negative power");
    }
    if (base < 0 && exponent != Math.rint(exponent) && !Double.isInfinite(exponent)) {
      throw Fault.unsupported("a complex number");
    }
    double power = Math.pow(base, exponent);
    if (Double.isInfinite(power) && !Double.isInfinite(base) && !Double.isInfinite(exponent)) {
      throw new Fault("the result of a power is too large");
    }
    return power;
  }

  private static Object sequences(Run run, String operator, Object left, Object right) {
    if (operator.equals("+")) {
      return joined(run, left, right);
    }
    if (operator.equals("*") && Numbers.isInteger(right)) {
      return repeated(run, left, right);
    }
    if (operator.equals("*") && Numbers.isInteger(left)) {
      return repeated(run, right, left);
    }
    throw unsupported(operator, left, right);
  }

  private static Object joined(Run run, Object left, Object right) {
    if (Values.isText(left) && Values.isText(right)) {
      boolean escapes = left instanceof Markup || right instanceof Markup;
      String first = escapes ? Repr.escaped(run, left) : (String) left;
      String second = escapes ? Repr.escaped(run, right) : (String) right;
      run.make((long) first.length() + second.length());
      return escapes ? new Markup(first + second) : first + second;
    }
    if (left instanceof List<?> one && right instanceof List<?> other) {
      return joined(run, one, other);
    }
    if (left instanceof Tuple one && right instanceof Tuple other) {
      return new Tuple(joined(run, one.items(), other.items()));
    }
    if (left instanceof String) {
      throw new Fault("can only concatenate str (not \"" + Values.typeName(right) + "\") to str");
    }
    throw unsupported("+", left, right);
  }

  private static List<Object> joined(Run run, List<?> left, List<?> right) {
    run.makeList((long) left.size() + right.size());
    List<Object> joined = new ArrayList<>(left);
    joined.addAll(right);
    return joined;
  }

  private static Object repeated(Run run, Object sequence, Object count) {
    BigInteger wanted = Numbers.big(count);
    int times = wanted.signum() <= 0 ? 0 : wanted.bitLength() > 30 ? 1 << 30 : wanted.intValue();
    if (Values.isText(sequence)) {
      String text = Values.text(sequence);
      run.make((long) text.length() * times);
      String repeated = text.repeat(times);
      return sequence instanceof Markup ? new Markup(repeated) : repeated;
    }
    if (sequence instanceof List<?> list) {
      return repeated(run, list, times);
    }
    if (sequence instanceof Tuple tuple) {
      return new Tuple(repeated(run, tuple.items(), times));
    }
    throw unsupported("*", sequence, count);
  }

  private static List<Object> repeated(Run run, List<?> items, int times) {
    run.makeList((long) items.size() * times);
    List<Object> repeated = new ArrayList<>();
    if (!items.isEmpty()) {
      for (int i = 0; i < times; i++) {
        repeated.addAll(items);
      }
    }
    return repeated;
  }

  private static Fault unsupported(String operator, Object left, Object right) {
    return new Fault(
        "unsupported operand type(s) for %s: '%s' and '%s'"
            .formatted(operator, Values.typeName(left), Values.typeName(right)));
  }
}

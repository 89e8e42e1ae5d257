package io.adapt4j.jinja.internal.value;

import java.math.BigDecimal;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/** Python's comparison operators. */
public final class Comparisons {

  private Comparisons() {}

  public static boolean holds(Run run, String operator, Object left, Object right) {
    run.step(1);
    return switch (operator) {
      case "==" -> equal(run, left, right);
      case "!=" -> !equal(run, left, right);
      case "in" -> contains(run, right, left);
      case "not in" -> !contains(run, right, left);
      default -> ordered(run, operator, left, right);
    };
  }

  private static boolean ordered(Run run, String operator, Object left, Object right) {
    if (isNaN(left) || isNaN(right)) {
      return false;
    }
    int order = compare(run, operator, left, right);
    return switch (operator) {
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      case ">=" -> order >= 0;
      default -> throw new IllegalArgumentException(operator);
    };
  }

  private static boolean isNaN(Object value) {
    return value instanceof Double number && number.isNaN();
  }

  public static boolean equal(Run run, Object left, Object right) {
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return !isNaN(left) && !isNaN(right) && compareNumbers(left, right) == 0;
    }
    if (Values.isText(left) && Values.isText(right)) {
      run.work(Math.min(Values.text(left).length(), Values.text(right).length()));
      return Values.text(left).equals(Values.text(right));
    }
    if (left instanceof List<?> one && right instanceof List<?> other) {
      return allEqual(run, one, other);
    }
    if (left instanceof Tuple one && right instanceof Tuple other) {
      return allEqual(run, one.items(), other.items());
    }
    if (left instanceof Dict one && right instanceof Dict other) {
      return equalDicts(run, one, other);
    }
    return left == null ? right == null : left.equals(right);
  }

  private static boolean allEqual(Run run, List<?> left, List<?> right) {
    if (left.size() != right.size()) {
      return false;
    }
    run.enter();
    boolean equal = true;
    for (int i = 0; equal && i < left.size(); i++) {
      run.step(1);
      equal = equal(run, left.get(i), right.get(i));
    }
    run.leave();
    return equal;
  }

  private static boolean equalDicts(Run run, Dict left, Dict right) {
    if (left.size() != right.size()) {
      return false;
    }
    run.enter();
    boolean equal = true;
    for (Dict.Entry entry : left.entries()) {
      run.step(1);
      equal = right.has(entry.key()) && equal(run, entry.value(), right.get(entry.key(), null));
      if (!equal) {
        break;
      }
    }
    run.leave();
    return equal;
  }

  static boolean contains(Run run, Object container, Object item) {
    if (Values.isText(container)) {
      String text = Values.text(container);
      if (!Values.isText(item)) {
        throw new Fault(
            "'in <string>' requires string as left operand, not " + Values.typeName(item));
      }
      run.search(text, Values.text(item));
      return text.contains(Values.text(item));
    }
    if (container instanceof Dict dict) {
      return dict.has(item);
    }
    if (container instanceof DictView view && view.kind() == DictView.Kind.KEYS) {
      return view.dict().has(item);
    }
    if (!Values.isIterable(container)) {
      throw new Fault("argument of type '" + Values.typeName(container) + "' is not iterable");
    }
    Iterator<Object> items = Values.iterate(run, container);
    while (items.hasNext()) {
      if (equal(run, items.next(), item)) {
        return true;
      }
    }
    return false;
  }

  /** The order of Python's sorted(). */
  public static Comparator<Object> order(Run run) {
    return (left, right) -> {
      run.step(1);
      return compare(run, "<", left, right);
    };
  }

  private static int compare(Run run, String operator, Object left, Object right) {
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return compareNumbers(left, right);
    }
    if (Values.isText(left) && Values.isText(right)) {
      run.work(Math.min(Values.text(left).length(), Values.text(right).length()));
      return Text.compare(Values.text(left), Values.text(right));
    }
    if (left instanceof List<?> one && right instanceof List<?> other) {
      return compareAll(run, operator, one, other);
    }
    if (left instanceof Tuple one && right instanceof Tuple other) {
      return compareAll(run, operator, one.items(), other.items());
    }
    if (left instanceof Undefined undefined) {
      throw undefined.fault();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.fault();
    }
    throw new Fault(
        "'%s' not supported between instances of '%s' and '%s'"
            .formatted(operator, Values.typeName(left), Values.typeName(right)));
  }

  private static int compareAll(Run run, String operator, List<?> left, List<?> right) {
    run.enter();
    int order = Integer.compare(left.size(), right.size());
    for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
      run.step(1);
      if (!equal(run, left.get(i), right.get(i))) {
        order = compare(run, operator, left.get(i), right.get(i));
        break;
      }
    }
    run.leave();
    return order;
  }

  private static int compareNumbers(Object left, Object right) {
    if (left instanceof Long one && right instanceof Long other) {
      return Long.compare(one, other);
    }
    if (Numbers.isInteger(left) && Numbers.isInteger(right)) {
      return Numbers.big(left).compareTo(Numbers.big(right));
    }
    boolean finite = isFinite(left) && isFinite(right);
    return finite
        ? exact(left).compareTo(exact(right))
        : Double.compare(
            ((Number) plain(left)).doubleValue(), ((Number) plain(right)).doubleValue());
  }

  private static boolean isFinite(Object number) {
    return !(number instanceof Double value) || (!value.isInfinite() && !value.isNaN());
  }

  private static BigDecimal exact(Object number) {
    return number instanceof Double value
        ? new BigDecimal(value)
        : new BigDecimal(Numbers.big(number));
  }

  private static Object plain(Object number) {
    return number instanceof Boolean flag ? (Object) (flag ? 1L : 0L) : number;
  }
}

package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Callable;
import io.adapt4j.jinja.internal.value.Cases;
import io.adapt4j.jinja.internal.value.Comparisons;
import io.adapt4j.jinja.internal.value.Dict;
import io.adapt4j.jinja.internal.value.DictView;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Markup;
import io.adapt4j.jinja.internal.value.Numbers;
import io.adapt4j.jinja.internal.value.Operators;
import io.adapt4j.jinja.internal.value.Repr;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Tuple;
import io.adapt4j.jinja.internal.value.Undefined;
import io.adapt4j.jinja.internal.value.Values;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/** Jinja's tests. */
public final class Tests {

  private static final Map<String, Test> ALL = new HashMap<>();

  static {
    addNumbers();
    addKinds();
    addComparisons();
    simple("defined", value -> !(value instanceof Undefined));
    simple("undefined", value -> value instanceof Undefined);
    ALL.put(
        "filter",
        (run, value, arguments) -> Filters.find(Values.requireText("a name", value)) != null);
    ALL.put("test", (run, value, arguments) -> find(Values.requireText("a name", value)) != null);
    ALL.put("lower", (run, value, arguments) -> Cases.isLower(Repr.str(run, value)));
    ALL.put("upper", (run, value, arguments) -> Cases.isUpper(Repr.str(run, value)));
  }

  private Tests() {}

  /** Returns null if there is no such test. */
  public static Test find(String name) {
    return ALL.get(name);
  }

  public static String unknown(String name) {
    return "no test is named '" + name + "'";
  }

  private static void simple(String name, Predicate<Object> test) {
    ALL.put(
        name,
        (run, value, arguments) -> {
          arguments.bind(name, 0);
          return test.test(value);
        });
  }

  private static void addNumbers() {
    ALL.put("odd", (run, value, arguments) -> remainder(run, value, 2L, 1L));
    ALL.put("even", (run, value, arguments) -> remainder(run, value, 2L, 0L));
    ALL.put(
        "divisibleby",
        (run, value, arguments) ->
            remainder(run, value, arguments.bind("divisibleby", 1, "num")[0], 0L));
  }

  private static boolean remainder(Run run, Object value, Object divisor, Long expected) {
    return Comparisons.equal(run, Operators.apply(run, "%", value, divisor), expected);
  }

  private static void addKinds() {
    simple("none", value -> value == null);
    simple("boolean", value -> value instanceof Boolean);
    simple("true", Boolean.TRUE::equals);
    simple("false", Boolean.FALSE::equals);
    simple("integer", value -> Numbers.isInteger(value) && !(value instanceof Boolean));
    simple("float", value -> value instanceof Double);
    simple("number", Numbers::isNumber);
    simple("string", Values::isText);
    simple("mapping", value -> value instanceof Dict);
    simple("sequence", value -> Values.hasLength(value) && !(value instanceof DictView));
    simple("iterable", Values::isIterable);
    simple("callable", value -> value instanceof Callable || value instanceof Undefined);
    simple("escaped", value -> value instanceof Markup);
    ALL.put(
        "sameas", (run, value, arguments) -> same(value, arguments.bind("sameas", 1, "other")[0]));
  }

  /**
   * Returns whether two values are the same object in Python, which is not certain for numbers and
   * texts.
   */
  private static boolean same(Object object, Object other) {
    boolean unsure =
        object != null
            && other != null
            && object.getClass() == other.getClass()
            && ((object instanceof Number && !isSmall(object))
                || Values.isText(object)
                || object instanceof Tuple);
    if (unsure && object.equals(other)) {
      throw Fault.unsupported("'sameas' for equal values of type " + Values.typeName(object));
    }
    return object == other
        || (object instanceof Boolean && object.equals(other))
        || (isSmall(object) && object.equals(other));
  }

  /** Python has a single object for each of the small integers. */
  private static boolean isSmall(Object value) {
    return value instanceof Long number && number >= -5 && number <= 256;
  }

  private static void addComparisons() {
    for (String operator : new String[] {"==", "!=", "<", "<=", ">", ">="}) {
      comparison(operator, operator);
    }
    comparison("eq", "==");
    comparison("equalto", "==");
    comparison("ne", "!=");
    comparison("lt", "<");
    comparison("lessthan", "<");
    comparison("le", "<=");
    comparison("gt", ">");
    comparison("greaterthan", ">");
    comparison("ge", ">=");
    comparison("in", "in");
  }

  private static void comparison(String name, String operator) {
    ALL.put(
        name,
        (run, value, arguments) ->
            Comparisons.holds(run, operator, value, arguments.bindPositional(name, 1, "other")[0]));
  }
}

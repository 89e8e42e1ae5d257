package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Dict;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.HasAttributes;
import io.adapt4j.jinja.internal.value.Markup;
import io.adapt4j.jinja.internal.value.Numbers;
import io.adapt4j.jinja.internal.value.Range;
import io.adapt4j.jinja.internal.value.Repr;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Text;
import io.adapt4j.jinja.internal.value.Tuple;
import io.adapt4j.jinja.internal.value.Undefined;
import io.adapt4j.jinja.internal.value.Values;
import java.math.BigInteger;
import java.util.List;
import java.util.Set;

/**
 * Attribute and item access, {@code x.name} and {@code x[key]}, which never reaches Java objects.
 */
public final class Attributes {

  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");
  private static final Set<String> DICT_CHANGES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");
  private static final Set<String> NUMBER_ATTRIBUTES =
      Set.of(
          "as_integer_ratio",
          "bit_count",
          "bit_length",
          "conjugate",
          "denominator",
          "fromhex",
          "from_bytes",
          "hex",
          "imag",
          "is_integer",
          "numerator",
          "real",
          "to_bytes");
  private static final Set<String> RANGE_ATTRIBUTES =
      Set.of("count", "index", "start", "step", "stop");

  private Attributes() {}

  /** Looks for an attribute first, then for an item. */
  public static Object attribute(Object object, String name) {
    Object found = own(object, name);
    if (found != HasAttributes.NONE) {
      return found;
    }
    Object item = object instanceof Dict dict ? dict.get(name, found) : found;
    return item == HasAttributes.NONE ? missing(object, name) : item;
  }

  /** Looks for an item first, then for an attribute. */
  public static Object item(Run run, Object object, Object key) {
    Object item = itemOrNone(run, object, key);
    if (item == HasAttributes.NONE && Values.isText(key)) {
      item = own(object, Values.text(key));
    }
    return item == HasAttributes.NONE ? missingItem(object, key) : item;
  }

  /** Returns an attribute as Python sees it, or {@link HasAttributes#NONE}. */
  static Object own(Object object, String name) {
    if (object instanceof Undefined undefined) {
      throw undefined.fault();
    }
    if (name.startsWith("__") && name.endsWith("__")) {
      return unsafe(object, name);
    }
    if (object instanceof HasAttributes attributes) {
      return attributes.attribute(name);
    }
    if (Values.isText(object)) {
      return textMethod(object, name);
    }
    if (object instanceof Dict dict) {
      return dictMethod(dict, name);
    }
    if (object instanceof List<?> list) {
      return LIST_CHANGES.contains(name)
          ? unsafe(object, name)
          : CollectionMethods.ofList(list, name);
    }
    if (object instanceof Tuple tuple) {
      return CollectionMethods.ofTuple(tuple, name);
    }
    return other(object, name);
  }

  private static Object textMethod(Object object, String name) {
    Object method =
        object instanceof Markup markup
            ? MarkupMethods.find(markup, name)
            : StringMethods.find((String) object, name);
    return method == null ? HasAttributes.NONE : method;
  }

  private static Object dictMethod(Dict dict, String name) {
    return DICT_CHANGES.contains(name) ? unsafe(dict, name) : CollectionMethods.ofDict(dict, name);
  }

  private static Object other(Object object, String name) {
    boolean known =
        object instanceof Range
            ? RANGE_ATTRIBUTES.contains(name)
            : Numbers.isNumber(object) && NUMBER_ATTRIBUTES.contains(name);
    if (known) {
      throw Fault.unsupported("'" + name + "' of " + Values.typeName(object));
    }
    return HasAttributes.NONE;
  }

  private static Object itemOrNone(Run run, Object object, Object key) {
    if (object instanceof Undefined undefined) {
      throw undefined.fault();
    }
    if (object instanceof Dict dict) {
      return key instanceof List || key instanceof Dict
          ? HasAttributes.NONE
          : dict.get(key, HasAttributes.NONE);
    }
    boolean indexed =
        Numbers.isInteger(key)
            && (Values.isText(object)
                || object instanceof List
                || object instanceof Tuple
                || object instanceof Range);
    return indexed ? element(run, object, Numbers.big(key)) : HasAttributes.NONE;
  }

  private static Object element(Run run, Object sequence, BigInteger index) {
    int length = (int) Values.length(run, sequence);
    if (index.bitLength() > 31) {
      return HasAttributes.NONE;
    }
    int at = index.intValueExact();
    at = at < 0 ? at + length : at;
    if (at < 0 || at >= length) {
      return HasAttributes.NONE;
    }
    if (sequence instanceof List<?> list) {
      return list.get(at);
    }
    if (sequence instanceof Tuple tuple) {
      return tuple.items().get(at);
    }
    if (sequence instanceof Range range) {
      return range.at(at);
    }
    String character = Text.at(Values.text(sequence), at);
    return sequence instanceof Markup ? new Markup(character) : character;
  }

  static Undefined missing(Object object, String name) {
    return new Undefined(
        object == null
            ? "'None' has no attribute '" + name + "'"
            : "'" + Values.typeName(object) + " object' has no attribute '" + name + "'");
  }

  private static Undefined missingItem(Object object, Object key) {
    return new Undefined(
        "'" + Values.typeName(object) + " object' has no element " + Repr.brief(key));
  }

  /** Returns the value of an attribute that Jinja's sandbox hides from templates. */
  private static Undefined unsafe(Object object, String name) {
    return new Undefined(
        "access to attribute '%s' of '%s' object is unsafe."
            .formatted(name, Values.typeName(object)));
  }
}

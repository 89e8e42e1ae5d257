package io.adapt4j.jinja.internal.value;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/**
 * Python's built-in functions on values. Values are null, Boolean, Long, BigInteger (if a Long is
 * too short), Double, String, List, and this package's own types.
 */
public final class Values {

  private Values() {}

  public static String typeName(Object value) {
    if (value == null) {
      return "NoneType";
    }
    if (value instanceof Boolean) {
      return "bool";
    }
    if (value instanceof Long || value instanceof BigInteger) {
      return "int";
    }
    if (value instanceof Double) {
      return "float";
    }
    if (value instanceof String) {
      return "str";
    }
    if (value instanceof List) {
      return "list";
    }
    if (value instanceof DictView view) {
      return view.kind().typeName();
    }
    if (value instanceof Dict || value instanceof Tuple || value instanceof Range) {
      return value.getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }
    return ownTypeName(value);
  }

  private static String ownTypeName(Object value) {
    if (value instanceof Generator) {
      return "generator";
    }
    if (value instanceof HasAttributes own) {
      return own.typeName();
    }
    if (value instanceof Markup || value instanceof Undefined) {
      return value.getClass().getSimpleName();
    }
    return "function";
  }

  public static boolean isTrue(Object value) {
    if (value instanceof Boolean flag) {
      return flag;
    }
    if (value == null || value instanceof Undefined) {
      return false;
    }
    if (value instanceof Number number) {
      return number.doubleValue() != 0;
    }
    if (isText(value)) {
      return !text(value).isEmpty();
    }
    return !hasLength(value) || length(value) > 0;
  }

  public static boolean isText(Object value) {
    return value instanceof String || value instanceof Markup;
  }

  /** The characters of a text. */
  public static String text(Object value) {
    return value instanceof Markup markup ? markup.text() : (String) value;
  }

  public static boolean hasLength(Object value) {
    return isText(value)
        || value instanceof List
        || value instanceof Tuple
        || value instanceof Dict
        || value instanceof DictView
        || value instanceof Range
        || value instanceof Undefined;
  }

  /** Python's len(); the characters of a text must be counted. */
  public static long length(Run run, Object value) {
    if (isText(value)) {
      run.work(text(value).length());
    }
    return length(value);
  }

  private static long length(Object value) {
    if (isText(value)) {
      return Text.length(text(value));
    }
    if (value instanceof List<?> list) {
      return list.size();
    }
    if (value instanceof Tuple tuple) {
      return tuple.items().size();
    }
    if (value instanceof Dict dict) {
      return dict.size();
    }
    if (value instanceof DictView view) {
      return view.dict().size();
    }
    if (value instanceof Range range) {
      return range.length();
    }
    if (value instanceof Undefined) {
      return 0;
    }
    throw new Fault("object of type '" + typeName(value) + "' has no len()");
  }

  public static boolean isIterable(Object value) {
    return hasLength(value) || value instanceof Generator;
  }

  /** Iterates over the items of a value, each of which costs a step. */
  public static Iterator<Object> iterate(Run run, Object value) {
    Iterator<?> items = items(value);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return items.hasNext();
      }

      @Override
      public Object next() {
        run.step(1);
        return items.next();
      }
    };
  }

  private static Iterator<?> items(Object value) {
    if (isText(value)) {
      return text(value).codePoints().mapToObj(Character::toString).iterator();
    }
    if (value instanceof List<?> list) {
      return list.iterator();
    }
    if (value instanceof Tuple tuple) {
      return tuple.items().iterator();
    }
    if (value instanceof Dict dict) {
      return new DictView(dict, DictView.Kind.KEYS).iterator();
    }
    if (value instanceof DictView view) {
      return view.iterator();
    }
    if (value instanceof Range range) {
      return range.stream().iterator();
    }
    if (value instanceof Generator generator) {
      return generator;
    }
    if (value instanceof Undefined) {
      return List.of().iterator();
    }
    throw new Fault("'" + typeName(value) + "' object is not iterable");
  }

  public static List<Object> list(Run run, Object value) {
    List<Object> list = new ArrayList<>();
    iterate(run, value).forEachRemaining(list::add);
    return list;
  }

  /** Requires an integer argument. */
  public static long integer(String name, Object value) {
    if (value instanceof Boolean flag) {
      return flag ? 1 : 0;
    }
    if (value instanceof Long number) {
      return number;
    }
    if (value instanceof Undefined undefined) {
      throw undefined.fault();
    }
    throw new Fault(name + " must be an integer, found " + typeName(value));
  }

  /** Requires an integer argument that can be a number of characters or elements. */
  public static int size(String name, Object value) {
    return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, integer(name, value)));
  }

  public static String requireText(String name, Object value) {
    if (isText(value)) {
      return text(value);
    }
    if (value instanceof Undefined undefined) {
      throw undefined.fault();
    }
    throw new Fault(name + " must be a text, found " + typeName(value));
  }
}

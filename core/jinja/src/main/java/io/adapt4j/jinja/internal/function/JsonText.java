package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Comparisons;
import io.adapt4j.jinja.internal.value.Dict;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Numbers;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Tuple;
import io.adapt4j.jinja.internal.value.Values;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/** Python's json.dumps. */
final class JsonText {

  private final Run run;
  private final boolean ascii;
  private final String indent;
  private final String itemSeparator;
  private final String keySeparator;
  private final boolean sortsKeys;
  private final StringBuilder out = new StringBuilder();

  private JsonText(Run run, Object[] settings) {
    this.run = run;
    this.ascii = settings[0] != Arguments.MISSING && Values.isTrue(settings[0]);
    this.indent = indent(run, settings[1]);
    List<Object> separators = separators(run, settings[2]);
    this.itemSeparator =
        separators == null
            ? indent == null ? ", " : ","
            : Values.requireText("a separator", separators.get(0));
    this.keySeparator =
        separators == null ? ": " : Values.requireText("a separator", separators.get(1));
    this.sortsKeys = settings[3] != Arguments.MISSING && Values.isTrue(settings[3]);
  }

  private static String indent(Run run, Object indent) {
    if (indent == Arguments.MISSING || indent == null) {
      return null;
    }
    if (Values.isText(indent)) {
      return Values.text(indent);
    }
    int width = Math.max(0, Values.size("indent", indent));
    run.make(width);
    return " ".repeat(width);
  }

  private static List<Object> separators(Run run, Object separators) {
    if (separators == Arguments.MISSING || separators == null) {
      return null;
    }
    List<Object> both = Values.list(run, separators);
    if (both.size() != 2) {
      throw new Fault("separators must be two texts, found " + both.size());
    }
    return both;
  }

  static Object tojson(Run run, Object value, Arguments arguments) {
    Object[] settings =
        arguments.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
    JsonText json = new JsonText(run, settings);
    json.value(value, 0);
    return json.out.toString();
  }

  private void value(Object value, int depth) {
    if (Values.isText(value)) {
      string(Values.text(value));
    } else if (value instanceof Dict || value instanceof List || value instanceof Tuple) {
      run.enter();
      collection(value, depth);
      run.leave();
    } else {
      String scalar = scalar(value);
      if (scalar == null) {
        throw new Fault("Object of type " + Values.typeName(value) + " is not JSON serializable");
      }
      add(scalar);
    }
  }

  /** Returns null if it is not a scalar. */
  private static String scalar(Object value) {
    if (value == null) {
      return "null";
    }
    if (value instanceof Boolean flag) {
      return flag ? "true" : "false";
    }
    if (value instanceof Long || value instanceof BigInteger) {
      return Numbers.integerText(value);
    }
    if (value instanceof Double number) {
      if (number.isNaN()) {
        return "NaN";
      }
      return number.isInfinite()
          ? (number > 0 ? "Infinity" : "-Infinity")
          : Numbers.realText(number);
    }
    return null;
  }

  private void collection(Object value, int depth) {
    if (value instanceof Dict dict) {
      dict(dict, depth);
    } else {
      list(value instanceof Tuple tuple ? tuple.items() : (List<?>) value, depth);
    }
  }

  private void list(List<?> items, int depth) {
    if (items.isEmpty()) {
      add("[]");
      return;
    }
    add("[");
    Iterator<?> iterator = items.iterator();
    while (iterator.hasNext()) {
      newLine(depth + 1);
      value(iterator.next(), depth + 1);
      add(iterator.hasNext() ? itemSeparator : "");
    }
    newLine(depth);
    add("]");
  }

  private void dict(Dict dict, int depth) {
    if (dict.size() == 0) {
      add("{}");
      return;
    }
    List<Dict.Entry> entries = new ArrayList<>(dict.entries());
    if (sortsKeys) {
      entries.sort(Comparator.comparing(Dict.Entry::key, Comparisons.order(run)));
    }
    add("{");
    Iterator<Dict.Entry> iterator = entries.iterator();
    while (iterator.hasNext()) {
      Dict.Entry entry = iterator.next();
      newLine(depth + 1);
      string(key(entry.key()));
      add(keySeparator);
      value(entry.value(), depth + 1);
      add(iterator.hasNext() ? itemSeparator : "");
    }
    newLine(depth);
    add("}");
  }

  private static String key(Object key) {
    if (Values.isText(key)) {
      return Values.text(key);
    }
    String scalar = scalar(key);
    if (scalar == null) {
      throw new Fault("keys must be str, int, float, bool or None, not " + Values.typeName(key));
    }
    return scalar;
  }

  private void newLine(int depth) {
    if (indent != null) {
      run.grow(out.length(), (long) indent.length() * depth + 1);
      out.append('\n').append(indent.repeat(depth));
    }
  }

  private void string(String text) {
    run.grow(out.length(), text.length());
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      character(text.charAt(i));
    }
    out.append('"');
  }

  private void character(char c) {
    switch (c) {
      case '"' -> out.append("\\\"");
      case '\\' -> out.append("\\\\");
      case '\n' -> out.append("\\n");
      case '\r' -> out.append("\\r");
      case '\t' -> out.append("\\t");
      case '\b' -> out.append("\\b");
      case '\f' -> out.append("\\f");
      default -> {
        if (c < ' ' || (ascii && c > '~')) {
          out.append(String.format("\\u%04x", (int) c));
        } else {
          out.append(c);
        }
      }
    }
  }

  private void add(String text) {
    run.grow(out.length(), text.length());
    out.append(text);
  }
}

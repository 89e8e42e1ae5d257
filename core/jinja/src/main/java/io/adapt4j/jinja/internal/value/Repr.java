package io.adapt4j.jinja.internal.value;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Python's repr(). */
public final class Repr {

  private final Run run;
  private final boolean sortsKeys;
  private final StringBuilder out = new StringBuilder();

  private Repr(Run run, boolean sortsKeys) {
    this.run = run;
    this.sortsKeys = sortsKeys;
  }

  public static String of(Run run, Object value) {
    return written(run, value, false);
  }

  /** Formats as pprint does, with the keys of dicts sorted. */
  public static String sorted(Run run, Object value) {
    return written(run, value, true);
  }

  private static String written(Run run, Object value, boolean sortsKeys) {
    Repr repr = new Repr(run, sortsKeys);
    repr.value(value);
    return repr.out.toString();
  }

  /** Python's str(). */
  public static String str(Run run, Object value) {
    if (Values.isText(value)) {
      return Values.text(value);
    }
    return value instanceof Undefined ? "" : of(run, value);
  }

  /** Returns the text of a value as HTML: unchanged if it is marked as escaped. */
  public static String escaped(Run run, Object value) {
    return value instanceof Markup markup
        ? markup.text()
        : run.made(Text.escapeHtml(str(run, value)));
  }

  /** Formats a key for an error message. */
  public static String brief(Object key) {
    if (Values.isText(key)) {
      String text = Values.text(key);
      return quoted(text.length() > 60 ? text.substring(0, 60) : text);
    }
    return key instanceof Long ? key.toString() : "of type " + Values.typeName(key);
  }

  private void value(Object value) {
    if (value == null) {
      add("None");
    } else if (value instanceof Boolean flag) {
      add(flag ? "True" : "False");
    } else if (value instanceof Long || value instanceof BigInteger) {
      add(Numbers.integerText(value));
    } else if (value instanceof Double number) {
      add(Numbers.realText(number));
    } else if (value instanceof String text) {
      add(quoted(text));
    } else if (value instanceof Markup markup) {
      add("Markup(" + quoted(markup.text()) + ")");
    } else {
      run.enter();
      nested(value);
      run.leave();
    }
  }

  private void nested(Object value) {
    if (value instanceof List<?> list) {
      add("[");
      items(list.iterator());
      add("]");
    } else if (value instanceof Tuple tuple) {
      add("(");
      items(tuple.items().iterator());
      add(tuple.items().size() == 1 ? ",)" : ")");
    } else if (value instanceof Dict dict) {
      dict(dict);
    } else if (value instanceof DictView view) {
      add(view.kind().typeName() + "([");
      items(view.iterator());
      add("])");
    } else if (value instanceof Namespace namespace) {
      Dict dict = new Dict();
      for (Map.Entry<String, Object> entry : namespace.attributes().entrySet()) {
        dict.put(entry.getKey(), entry.getValue());
      }
      add("<Namespace ");
      dict(dict);
      add(">");
    } else {
      simple(value);
    }
  }

  private void simple(Object value) {
    if (value instanceof Range range) {
      String step = range.step() == 1 ? "" : ", " + range.step();
      add("range(" + range.start() + ", " + range.stop() + step + ")");
    } else if (value instanceof Undefined) {
      add("Undefined");
    } else if (value instanceof HasAttributes own && own.repr() != null) {
      add(own.repr());
    } else {
      throw new Fault(
          "a "
              + Values.typeName(value)
              + " cannot be printed; make a list of it with the filter 'list', or call it");
    }
  }

  private void items(Iterator<?> items) {
    String separator = "";
    while (items.hasNext()) {
      add(separator);
      value(items.next());
      separator = ", ";
    }
  }

  private void dict(Dict dict) {
    List<Dict.Entry> entries = new ArrayList<>(dict.entries());
    if (sortsKeys) {
      entries.sort(Comparator.comparing(Dict.Entry::key, Comparisons.order(run)));
    }
    String separator = "{";
    for (Dict.Entry entry : entries) {
      add(separator);
      value(entry.key());
      add(": ");
      value(entry.value());
      separator = ", ";
    }
    add(entries.isEmpty() ? "{}" : "}");
  }

  private void add(String text) {
    run.grow(out.length(), text.length());
    out.append(text);
  }

  public static String quoted(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder quoted = new StringBuilder().append(quote);
    text.codePoints().forEach(c -> quotedCharacter(quoted, c, quote));
    return quoted.append(quote).toString();
  }

  private static void quotedCharacter(StringBuilder out, int c, char quote) {
    switch (c) {
      case '\\' -> out.append("\\\\");
      case '\n' -> out.append("\\n");
      case '\r' -> out.append("\\r");
      case '\t' -> out.append("\\t");
      default -> {
        if (c == quote) {
          out.append('\\').append(quote);
        } else if (isPrintable(c)) {
          out.appendCodePoint(c);
        } else {
          String format = c <= 0xff ? "\\x%02x" : c <= 0xffff ? "\\u%04x" : "\\U%08x";
          out.append(String.format(format, c));
        }
      }
    }
  }

  public static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }
}

package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.FormatSpec;
import io.adapt4j.jinja.internal.value.Repr;
import io.adapt4j.jinja.internal.value.Run;

/** Python's str.format. */
final class BraceFormat {

  private static final int MAX_DEPTH = 2;

  private final Run run;
  private final Arguments arguments;
  private int next;
  private boolean numbered;

  private BraceFormat(Run run, Arguments arguments) {
    this.run = run;
    this.arguments = arguments;
  }

  static String format(Run run, String format, Arguments arguments) {
    return new BraceFormat(run, arguments).formatted(format, 1);
  }

  private String formatted(String format, int depth) {
    if (depth > MAX_DEPTH) {
      throw new Fault("Max string recursion exceeded");
    }
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (at < format.length()) {
      char c = format.charAt(at);
      boolean doubled = at + 1 < format.length() && format.charAt(at + 1) == c;
      if ((c == '{' || c == '}') && doubled) {
        out.append(c);
        at += 2;
      } else if (c == '{') {
        int end = closing(format, at);
        String piece = field(format.substring(at + 1, end), depth);
        run.grow(out.length(), piece.length());
        out.append(piece);
        at = end + 1;
      } else if (c == '}') {
        throw new Fault("Single '}' encountered in format string");
      } else {
        out.append(c);
        at++;
      }
    }
    return run.made(out.toString());
  }

  private static int closing(String format, int open) {
    int depth = 0;
    boolean inKey = false;
    for (int i = open; i < format.length(); i++) {
      char c = format.charAt(i);
      if (inKey) {
        inKey = c != ']';
      } else if (c == '[' && depth == 1) {
        inKey = true;
      } else if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        return i;
      }
    }
    throw new Fault("expected '}' before end of string");
  }

  private String field(String field, int depth) {
    int colon = nameEnd(field, ':');
    String spec = colon < 0 ? "" : field.substring(colon + 1);
    String head = colon < 0 ? field : field.substring(0, colon);
    int mark = nameEnd(head, '!');
    Object value = value(mark < 0 ? head : head.substring(0, mark));
    if (mark >= 0) {
      value = converted(value, head.substring(mark + 1));
    }
    return FormatSpec.format(run, value, spec.indexOf('{') < 0 ? spec : formatted(spec, depth + 1));
  }

  /** Returns the index of a character outside of brackets, or -1. */
  private static int nameEnd(String field, char sign) {
    boolean inKey = false;
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (!inKey && c == sign) {
        return i;
      }
      inKey = inKey ? c != ']' : c == '[';
    }
    return -1;
  }

  private Object converted(Object value, String conversion) {
    return switch (conversion) {
      case "s" -> Repr.str(run, value);
      case "r" -> Repr.of(run, value);
      default -> throw new Fault("Unknown conversion specifier '" + conversion + "'");
    };
  }

  private Object value(String path) {
    int end = 0;
    while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
      end++;
    }
    Object value = argument(path.substring(0, end));
    while (end < path.length()) {
      boolean attribute = path.charAt(end) == '.';
      int from = end + 1;
      end = attribute ? from : path.indexOf(']', from);
      if (end < 0) {
        throw new Fault("Missing ']' in format string");
      }
      while (attribute && end < path.length() && ".[".indexOf(path.charAt(end)) < 0) {
        end++;
      }
      String name = path.substring(from, end);
      value =
          attribute ? Attributes.attribute(value, name) : Attributes.item(run, value, key(name));
      end = attribute ? end : end + 1;
    }
    return value;
  }

  private static Object key(String name) {
    return isIndex(name) ? (Object) Long.valueOf(name) : name;
  }

  private static boolean isIndex(String name) {
    return !name.isEmpty()
        && name.length() < 10
        && name.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private Object argument(String name) {
    if (!name.isEmpty() && !isIndex(name)) {
      if (!arguments.named().containsKey(name)) {
        throw new Fault("the format needs a value for '" + name + "'");
      }
      return arguments.named().get(name);
    }
    if ((name.isEmpty() && numbered) || (!name.isEmpty() && next > 0)) {
      throw new Fault("cannot switch between automatic and manual field numbering");
    }
    numbered |= !name.isEmpty();
    int index = name.isEmpty() ? next++ : Integer.parseInt(name);
    if (index >= arguments.positional().size()) {
      throw new Fault("Replacement index " + index + " out of range for positional args tuple");
    }
    return arguments.positional().get(index);
  }
}

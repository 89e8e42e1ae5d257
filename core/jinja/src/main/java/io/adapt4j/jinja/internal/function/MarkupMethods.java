package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Callable;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Markup;
import io.adapt4j.jinja.internal.value.Repr;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Tuple;
import io.adapt4j.jinja.internal.value.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** String methods on escaped text, which escape their arguments. */
final class MarkupMethods {

  private static final Set<String> UNSUPPORTED =
      Set.of("format", "format_map", "striptags", "unescape", "escape");

  private MarkupMethods() {}

  /** Returns null if there is no such method. */
  static Callable find(Markup markup, String name) {
    if (UNSUPPORTED.contains(name)) {
      throw Fault.unsupported("'" + name + "' of escaped text");
    }
    Callable method = StringMethods.find(markup.text(), name);
    return method == null
        ? null
        : (run, arguments) -> marked(method.call(run, escaped(run, name, arguments)));
  }

  private static Arguments escaped(Run run, String name, Arguments arguments) {
    List<Object> values = new ArrayList<>(arguments.positional());
    if (name.equals("replace") && values.size() > 1) {
      values.set(1, Repr.escaped(run, values.get(1)));
    }
    if (name.equals("join") && values.size() == 1) {
      List<Object> items = Values.list(run, values.get(0));
      items.replaceAll(item -> Repr.escaped(run, item));
      values.set(0, items);
    }
    return new Arguments(values, arguments.named());
  }

  private static Object marked(Object result) {
    if (result instanceof String text) {
      return new Markup(text);
    }
    if (result instanceof List<?> list) {
      return new ArrayList<>(list.stream().map(MarkupMethods::marked).toList());
    }
    return result instanceof Tuple tuple
        ? new Tuple(tuple.items().stream().map(MarkupMethods::marked).toList())
        : result;
  }
}

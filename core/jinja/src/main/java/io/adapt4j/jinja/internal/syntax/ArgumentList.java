package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Dict;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Values;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The arguments of a call in a template.
 *
 * @param more a sequence of further positional arguments, or null
 * @param moreNamed a mapping of further named arguments, or null
 */
record ArgumentList(
    List<Expr> positional, List<Map.Entry<String, Expr>> named, Expr more, Expr moreNamed) {

  static final ArgumentList NONE = new ArgumentList(List.of(), List.of(), null, null);

  Arguments eval(Frame frame) {
    List<Object> values = new ArrayList<>();
    for (Expr expr : positional) {
      values.add(expr.eval(frame));
    }
    if (more != null) {
      Values.iterate(frame.run(), more.eval(frame)).forEachRemaining(values::add);
    }
    Map<String, Object> byName = new LinkedHashMap<>();
    for (Map.Entry<String, Expr> entry : named) {
      byName.put(entry.getKey(), entry.getValue().eval(frame));
    }
    if (moreNamed != null) {
      addNamed(moreNamed.eval(frame), byName);
    }
    return new Arguments(values, byName);
  }

  private static void addNamed(Object mapping, Map<String, Object> byName) {
    if (!(mapping instanceof Dict dict)) {
      throw new Fault("argument after ** must be a mapping, not " + Values.typeName(mapping));
    }
    for (Dict.Entry entry : dict.entries()) {
      if (!(entry.key() instanceof String name)) {
        throw new Fault("keywords must be strings");
      }
      if (byName.put(name, entry.value()) != null) {
        throw new Fault("got multiple values for keyword argument '" + name + "'");
      }
    }
  }
}

package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.HasAttributes;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Undefined;
import io.adapt4j.jinja.internal.value.Values;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Jinja's filters by name. */
public final class Filters {

  private static final Set<String> UNSUPPORTED = Set.of("random", "urlize");
  private static final Map<String, Filter> ALL = new HashMap<>();

  static {
    TextFilters.addTo(ALL);
    SequenceFilters.addTo(ALL);
    ItemFilters.addTo(ALL);
    NumberFilters.addTo(ALL);
    ALL.put("tojson", JsonText::tojson);
    ALL.put("attr", Filters::attr);
    ALL.put("default", Filters::defaultValue);
    ALL.put("d", Filters::defaultValue);
    for (String name : UNSUPPORTED) {
      ALL.put(
          name,
          (run, value, arguments) -> {
            throw Fault.unsupported("the filter '" + name + "'");
          });
    }
  }

  private Filters() {}

  /** Returns null if there is no such filter. */
  public static Filter find(String name) {
    return ALL.get(name);
  }

  public static String unknown(String name) {
    return "no filter is named '" + name + "'";
  }

  private static Object attr(Run run, Object value, Arguments arguments) {
    String name = Values.requireText("name", arguments.bind("attr", 1, "name")[0]);
    Object found = Attributes.own(value, name);
    return found == HasAttributes.NONE ? Attributes.missing(value, name) : found;
  }

  private static Object defaultValue(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("default", 0, "default_value", "boolean");
    boolean falsy = values[1] != Arguments.MISSING && Values.isTrue(values[1]);
    boolean replaces = value instanceof Undefined || (falsy && !Values.isTrue(value));
    return replaces ? FilterArguments.orElse(values[0], "") : value;
  }
}

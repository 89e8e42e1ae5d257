package io.adapt4j.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Jinja's filters by name. */
final class Filters {

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
  static Filter find(String name) {
    return ALL.get(name);
  }

  static String unknown(String name) {
    return "no filter is named '" + name + "'";
  }

  private static Object attr(Run run, Object value, Arguments arguments) {
    String name = Values.requireText("name", arguments.bind("attr", 1, "name")[0]);
    Object found = Attributes.own(value, name);
    return found == HasAttributes.NONE ? Undefined.attribute(value, name) : found;
  }

  private static Object defaultValue(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("default", 0, "default_value", "boolean");
    boolean falsy = values[1] != Arguments.MISSING && Values.isTrue(values[1]);
    boolean replaces = value instanceof Undefined || (falsy && !Values.isTrue(value));
    return replaces ? orElse(values[0], "") : value;
  }

  /** A value, or another one if it was not given. */
  static Object orElse(Object value, Object otherwise) {
    return value == Arguments.MISSING ? otherwise : value;
  }

  static boolean flag(Object value) {
    return value != Arguments.MISSING && Values.isTrue(value);
  }

  static boolean isAbsent(Object value) {
    return value == Arguments.MISSING || value == null;
  }

  /** Reads an attribute by a path such as "a.b.0"; a part that is a number is an index. */
  static Object byPath(Run run, Object item, List<Object> path, Object otherwise) {
    Object value = item;
    for (Object part : path) {
      value = Attributes.item(run, value, part);
      if (value instanceof Undefined && otherwise != null) {
        value = otherwise;
      }
    }
    return value;
  }

  static List<Object> path(Object attribute) {
    if (isAbsent(attribute)) {
      return List.of();
    }
    if (!Values.isText(attribute)) {
      return List.of(attribute);
    }
    return List.of(Values.text(attribute).split("\\.", -1)).stream().map(Filters::part).toList();
  }

  private static Object part(String part) {
    boolean index =
        !part.isEmpty() && part.length() < 10 && part.chars().allMatch(c -> c >= '0' && c <= '9');
    return index ? (Object) Long.valueOf(part) : part;
  }

  static Object ignoreCase(Object value) {
    return Values.isText(value) ? Cases.lower(Values.text(value)) : value;
  }
}

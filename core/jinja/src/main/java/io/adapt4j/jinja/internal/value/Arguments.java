package io.adapt4j.jinja.internal.value;

import java.util.List;
import java.util.Map;

/** The argument values of a call. */
public record Arguments(List<Object> positional, Map<String, Object> named) {

  public static final Arguments NONE = new Arguments(List.of(), Map.of());

  /** Represents an omitted parameter. */
  public static final Object MISSING = new Object();

  /**
   * Binds the arguments to parameters. Errors use the function's name; omitted optional parameters
   * are {@link #MISSING}.
   */
  public Object[] bind(String function, int required, String... parameters) {
    if (positional.size() > parameters.length) {
      throw new Fault(
          "%s() takes at most %s arguments, found %s"
              .formatted(function, parameters.length, positional.size()));
    }
    Object[] values = new Object[parameters.length];
    for (int i = 0; i < values.length; i++) {
      boolean byName = named.containsKey(parameters[i]);
      if (byName && i < positional.size()) {
        throw new Fault(function + "() got multiple values for '" + parameters[i] + "'");
      }
      values[i] =
          byName ? named.get(parameters[i]) : i < positional.size() ? positional.get(i) : MISSING;
      if (values[i] == MISSING && i < required) {
        throw new Fault(function + "() needs the argument '" + parameters[i] + "'");
      }
    }
    List<String> known = List.of(parameters);
    for (String name : named.keySet()) {
      if (!known.contains(name)) {
        throw new Fault(function + "() got an unexpected keyword argument '" + name + "'");
      }
    }
    return values;
  }

  /** Refuses named arguments, as Python's own methods do for their positional parameters. */
  public Object[] bindPositional(String function, int required, String... parameters) {
    if (!named.isEmpty()) {
      throw new Fault(function + "() takes no keyword arguments");
    }
    return bind(function, required, parameters);
  }

  public Object first() {
    return positional.get(0);
  }

  public Arguments withoutFirst(int count) {
    return new Arguments(positional.subList(count, positional.size()), named);
  }
}

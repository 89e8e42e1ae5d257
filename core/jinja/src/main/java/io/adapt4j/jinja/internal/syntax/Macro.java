package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Callable;
import io.adapt4j.jinja.internal.value.Dict;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.HasAttributes;
import io.adapt4j.jinja.internal.value.Repr;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Tuple;
import io.adapt4j.jinja.internal.value.Undefined;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A macro, or the body of a call block. */
record Macro(Definition definition, Frame scope) implements Callable, HasAttributes {

  /**
   * Definition of a macro in a template.
   *
   * @param name its name; null for the body of a call block
   */
  record Definition(
      String name, List<String> parameters, List<Expr> defaults, Body body, Set<String> names) {

    private boolean takes(String special) {
      return names.contains(special) && !parameters.contains(special);
    }

    private Expr defaultOf(int parameter) {
      int index = parameter - (parameters.size() - defaults.size());
      return index < 0 ? null : defaults.get(index);
    }
  }

  @Override
  public String call(Run run, Arguments arguments) {
    run.enter();
    try {
      return definition.body().capture(bind(arguments));
    } finally {
      run.leave();
    }
  }

  private Frame bind(Arguments arguments) {
    List<Object> positional = arguments.positional();
    Map<String, Object> named = new LinkedHashMap<>(arguments.named());
    List<String> parameters = definition.parameters();
    Object[] given = new Object[parameters.size()];
    for (int i = 0; i < given.length; i++) {
      String parameter = parameters.get(i);
      boolean byName = i >= positional.size() && named.containsKey(parameter);
      given[i] =
          i < positional.size()
              ? positional.get(i)
              : byName ? named.remove(parameter) : Arguments.MISSING;
    }
    Frame frame = scope.inner();
    bindSpecial(frame, positional, named);
    for (int i = 0; i < given.length; i++) {
      Object value = given[i];
      if (value == Arguments.MISSING) {
        Expr standard = definition.defaultOf(i);
        value =
            standard == null
                ? Undefined.because("parameter '" + parameters.get(i) + "' was not provided")
                : standard.eval(frame);
      }
      frame.set(parameters.get(i), value);
    }
    return frame;
  }

  private void bindSpecial(Frame frame, List<Object> positional, Map<String, Object> named) {
    if (definition.takes("caller")) {
      Object caller = named.remove("caller");
      frame.set("caller", caller == null ? Undefined.because("No caller defined") : caller);
    }
    if (definition.takes("kwargs")) {
      Dict kwargs = new Dict();
      named.forEach(kwargs::put);
      frame.set("kwargs", kwargs);
    } else if (!named.isEmpty()) {
      throw new Fault(
          described() + " takes no keyword argument '" + named.keySet().iterator().next() + "'");
    }
    int count = definition.parameters().size();
    int extra = Math.max(0, positional.size() - count);
    if (definition.takes("varargs")) {
      int from = positional.size() - extra;
      frame.set("varargs", new Tuple(positional.subList(from, positional.size())));
    } else if (extra > 0) {
      throw new Fault(described() + " takes not more than " + count + " arguments");
    }
  }

  private String described() {
    return definition.name() == null ? "a call block" : "macro '" + definition.name() + "'";
  }

  @Override
  public Object attribute(String name) {
    return switch (name) {
      case "name" -> definition.name();
      case "arguments" -> new Tuple(List.copyOf(definition.parameters()));
      case "catch_kwargs" -> definition.takes("kwargs");
      case "catch_varargs" -> definition.takes("varargs");
      case "caller" -> definition.names().contains("caller");
      default -> NONE;
    };
  }

  @Override
  public String repr() {
    String name = definition.name();
    return "<Macro " + (name == null ? "anonymous" : Repr.quoted(name)) + ">";
  }
}

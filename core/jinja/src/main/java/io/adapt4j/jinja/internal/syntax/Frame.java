package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Undefined;
import java.util.HashMap;
import java.util.Map;

/** Variables of a scope, nested in the enclosing scopes. */
public final class Frame {

  private final Run run;
  private final Frame outer;
  private final Map<String, Object> variables = new HashMap<>();

  private Frame(Run run, Frame outer) {
    this.run = run;
    this.outer = outer;
  }

  public static Frame global(Run run, Map<String, Object> variables) {
    Frame frame = new Frame(run, null);
    frame.variables.putAll(variables);
    return frame;
  }

  public Frame inner() {
    return new Frame(run, this);
  }

  Run run() {
    return run;
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }

  Object get(String name) {
    for (Frame frame = this; frame != null; frame = frame.outer) {
      Object value = frame.variables.get(name);
      if (value != null || frame.variables.containsKey(name)) {
        return value;
      }
    }
    return Undefined.variable(name);
  }
}

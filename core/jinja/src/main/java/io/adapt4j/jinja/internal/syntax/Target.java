package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Namespace;
import io.adapt4j.jinja.internal.value.Values;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Target of an assignment in set or for. */
interface Target {

  void assign(Frame frame, Object value);

  /** A variable of the innermost scope. */
  record Variable(String name) implements Target {
    @Override
    public void assign(Frame frame, Object value) {
      frame.set(name, value);
    }
  }

  record NamespaceAttribute(String name, String attribute) implements Target {
    @Override
    public void assign(Frame frame, Object value) {
      if (!(frame.get(name) instanceof Namespace namespace)) {
        throw new Fault(
            "cannot assign the attribute '" + attribute + "': '" + name + "' is not a namespace");
      }
      namespace.attributes().put(attribute, value);
    }
  }

  /** Several targets for a sequence of as many values. */
  record Unpacked(List<Target> targets) implements Target {
    @Override
    public void assign(Frame frame, Object value) {
      Iterator<Object> values = Values.iterate(frame.run(), value);
      List<Object> taken = new ArrayList<>();
      while (values.hasNext() && taken.size() <= targets.size()) {
        taken.add(values.next());
      }
      if (taken.size() != targets.size()) {
        throw new Fault(
            "cannot unpack "
                + (taken.size() > targets.size() ? "more than " + targets.size() : taken.size())
                + " values into "
                + targets.size());
      }
      for (int i = 0; i < targets.size(); i++) {
        targets.get(i).assign(frame, taken.get(i));
      }
    }
  }
}

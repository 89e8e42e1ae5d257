package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.function.Attributes;
import io.adapt4j.jinja.internal.function.Filter;
import io.adapt4j.jinja.internal.function.Filters;
import io.adapt4j.jinja.internal.function.Test;
import io.adapt4j.jinja.internal.function.Tests;
import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Callable;
import io.adapt4j.jinja.internal.value.Comparisons;
import io.adapt4j.jinja.internal.value.Dict;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Operators;
import io.adapt4j.jinja.internal.value.Repr;
import io.adapt4j.jinja.internal.value.Slice;
import io.adapt4j.jinja.internal.value.Tuple;
import io.adapt4j.jinja.internal.value.Undefined;
import io.adapt4j.jinja.internal.value.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The kinds of expressions. */
final class Expressions {

  private Expressions() {}

  record Constant(Object value) implements Expr {
    @Override
    public Object eval(Frame frame) {
      return value;
    }
  }

  record Name(String name) implements Expr {
    @Override
    public Object eval(Frame frame) {
      return frame.get(name);
    }
  }

  record TupleOf(List<Expr> items) implements Expr {
    @Override
    public Object eval(Frame frame) {
      return new Tuple(all(items, frame));
    }
  }

  record ListOf(List<Expr> items) implements Expr {
    @Override
    public Object eval(Frame frame) {
      return all(items, frame);
    }
  }

  record DictOf(List<Map.Entry<Expr, Expr>> items) implements Expr {
    @Override
    public Object eval(Frame frame) {
      Dict dict = new Dict();
      for (Map.Entry<Expr, Expr> item : items) {
        frame.run().step(1);
        dict.put(item.getKey().eval(frame), item.getValue().eval(frame));
      }
      return dict;
    }
  }

  record SliceOf(Expr start, Expr stop, Expr step) implements Expr {
    @Override
    public Object eval(Frame frame) {
      return new Slice(orNull(start, frame), orNull(stop, frame), orNull(step, frame));
    }

    private static Object orNull(Expr part, Frame frame) {
      return part == null ? null : part.eval(frame);
    }
  }

  record Conditional(Expr test, Expr value, Expr other) implements Expr {
    @Override
    public Object eval(Frame frame) {
      if (Values.isTrue(test.eval(frame))) {
        return value.eval(frame);
      }
      return other == null
          ? Undefined.because("the inline if-expression evaluated to false and has no else")
          : other.eval(frame);
    }
  }

  record Or(Expr left, Expr right) implements Expr {
    @Override
    public Object eval(Frame frame) {
      Object value = left.eval(frame);
      return Values.isTrue(value) ? value : right.eval(frame);
    }
  }

  record And(Expr left, Expr right) implements Expr {
    @Override
    public Object eval(Frame frame) {
      Object value = left.eval(frame);
      return Values.isTrue(value) ? right.eval(frame) : value;
    }
  }

  record Not(Expr operand) implements Expr {
    @Override
    public Object eval(Frame frame) {
      return !Values.isTrue(operand.eval(frame));
    }
  }

  record Operand(String operator, Expr value) {}

  record Comparison(Expr first, List<Operand> operands) implements Expr {
    @Override
    public Object eval(Frame frame) {
      Object left = first.eval(frame);
      for (Operand operand : operands) {
        Object right = operand.value().eval(frame);
        if (!Comparisons.holds(frame.run(), operand.operator(), left, right)) {
          return false;
        }
        left = right;
      }
      return true;
    }
  }

  record Concatenation(List<Expr> parts) implements Expr {
    @Override
    public Object eval(Frame frame) {
      StringBuilder text = new StringBuilder();
      for (Expr part : parts) {
        String piece = Repr.str(frame.run(), part.eval(frame));
        frame.run().grow(text.length(), piece.length());
        text.append(piece);
      }
      return text.toString();
    }
  }

  record Binary(String operator, Expr left, Expr right) implements Expr {
    @Override
    public Object eval(Frame frame) {
      return Operators.apply(frame.run(), operator, left.eval(frame), right.eval(frame));
    }
  }

  record Unary(String operator, Expr operand) implements Expr {
    @Override
    public Object eval(Frame frame) {
      return Operators.apply(operator, operand.eval(frame));
    }
  }

  record Attribute(Expr object, String name) implements Expr {
    @Override
    public Object eval(Frame frame) {
      return Attributes.attribute(object.eval(frame), name);
    }
  }

  record Item(Expr object, Expr key) implements Expr {
    @Override
    public Object eval(Frame frame) {
      Object target = object.eval(frame);
      Object index = key.eval(frame);
      return index instanceof Slice slice
          ? slice.of(frame.run(), target)
          : Attributes.item(frame.run(), target, index);
    }
  }

  record Call(Expr callee, ArgumentList arguments) implements Expr {
    @Override
    public Object eval(Frame frame) {
      return call(frame, callee.eval(frame), arguments.eval(frame));
    }

    /** Calls with a caller, as a call block does. */
    Object eval(Frame frame, Object caller) {
      Object function = callee.eval(frame);
      Arguments values = arguments.eval(frame);
      values.named().put("caller", caller);
      return call(frame, function, values);
    }

    private static Object call(Frame frame, Object function, Arguments values) {
      frame.run().step(1);
      if (function instanceof Undefined undefined) {
        throw undefined.fault();
      }
      if (function instanceof Callable callable) {
        return callable.call(frame.run(), values);
      }
      throw new Fault("'" + Values.typeName(function) + "' object is not callable");
    }
  }

  /** A filter; one without an input gets it from its block. */
  record Filtered(Expr input, String name, Filter filter, ArgumentList arguments) implements Expr {
    @Override
    public Object eval(Frame frame) {
      if (filter == null) {
        throw new Fault(Filters.unknown(name));
      }
      Object value = input.eval(frame);
      frame.run().step(1);
      return filter.apply(frame.run(), value, arguments.eval(frame));
    }
  }

  record Tested(Expr input, String name, Test test, ArgumentList arguments) implements Expr {
    @Override
    public Object eval(Frame frame) {
      if (test == null) {
        throw new Fault(Tests.unknown(name));
      }
      Object value = input.eval(frame);
      return test.holds(frame.run(), value, arguments.eval(frame));
    }
  }

  private static List<Object> all(List<Expr> items, Frame frame) {
    frame.run().step(items.size());
    List<Object> values = new ArrayList<>(items.size());
    for (Expr item : items) {
      values.add(item.eval(frame));
    }
    return values;
  }
}

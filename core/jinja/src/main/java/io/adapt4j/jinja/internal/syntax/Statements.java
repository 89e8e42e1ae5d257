package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Repr;
import io.adapt4j.jinja.internal.value.Values;
import java.util.List;

/** The kinds of statements, apart from loops. */
final class Statements {

  private Statements() {}

  record Data(int line, String text) implements Statement {
    @Override
    public Flow exec(Frame frame) {
      frame.run().print(text);
      return Flow.NEXT;
    }
  }

  record Print(int line, Expr value) implements Statement {
    @Override
    public Flow exec(Frame frame) {
      frame.run().print(Repr.str(frame.run(), value.eval(frame)));
      return Flow.NEXT;
    }
  }

  record Branch(Expr test, Body body) {}

  record If(int line, List<Branch> branches, Body otherwise) implements Statement {
    @Override
    public Flow exec(Frame frame) {
      for (Branch branch : branches) {
        if (Values.isTrue(branch.test().eval(frame))) {
          return branch.body().exec(frame);
        }
      }
      return otherwise.exec(frame);
    }
  }

  record Assign(int line, Target target, Expr value) implements Statement {
    @Override
    public Flow exec(Frame frame) {
      target.assign(frame, value.eval(frame));
      return Flow.NEXT;
    }
  }

  /** Captures the output of its body; the filter, if any, reads it as {@link Captured}. */
  record AssignBlock(int line, Target target, Expr filter, Body body) implements Statement {
    @Override
    public Flow exec(Frame frame) {
      target.assign(frame, Captured.filter(filter, body, frame.inner()));
      return Flow.NEXT;
    }
  }

  record FilterBlock(int line, Expr filter, Body body) implements Statement {
    @Override
    public Flow exec(Frame frame) {
      Object filtered = Captured.filter(filter, body, frame.inner());
      frame.run().print(Repr.str(frame.run(), filtered));
      return Flow.NEXT;
    }
  }

  /** The input of a block's filter: the output of the block. */
  record Captured() implements Expr {
    private static final String NAME = "{% block text %}";

    @Override
    public Object eval(Frame frame) {
      return frame.get(NAME);
    }

    private static Object filter(Expr filter, Body body, Frame inner) {
      String text = body.capture(inner);
      if (filter == null) {
        return text;
      }
      inner.set(NAME, text);
      return filter.eval(inner);
    }
  }

  record With(int line, List<Target> targets, List<Expr> values, Body body) implements Statement {
    @Override
    public Flow exec(Frame frame) {
      Frame inner = frame.inner();
      for (int i = 0; i < targets.size(); i++) {
        targets.get(i).assign(inner, values.get(i).eval(frame));
      }
      return body.exec(inner);
    }
  }

  /** A body with its own scope. */
  record Scoped(int line, Body body) implements Statement {
    @Override
    public Flow exec(Frame frame) {
      return body.exec(frame.inner());
    }
  }

  record DefineMacro(int line, Macro.Definition definition) implements Statement {
    @Override
    public Flow exec(Frame frame) {
      frame.set(definition.name(), new Macro(definition, frame));
      return Flow.NEXT;
    }
  }

  record CallBlock(int line, Expressions.Call call, Macro.Definition caller) implements Statement {
    @Override
    public Flow exec(Frame frame) {
      Object value = call.eval(frame, new Macro(caller, frame));
      frame.run().print(Repr.str(frame.run(), value));
      return Flow.NEXT;
    }
  }

  /**
   * A generation block, which marks text to train on; Transformers makes it the body of a call
   * block.
   */
  record Generation(int line, Macro.Definition body) implements Statement {
    @Override
    public Flow exec(Frame frame) {
      String text = new Macro(body, frame).call(frame.run(), Arguments.NONE);
      frame.run().generated(text, line);
      frame.run().print(text);
      return Flow.NEXT;
    }
  }

  record Leave(int line, Flow flow) implements Statement {
    @Override
    public Flow exec(Frame frame) {
      return flow;
    }
  }
}

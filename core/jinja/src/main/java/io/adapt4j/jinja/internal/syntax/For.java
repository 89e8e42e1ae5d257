package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.function.ItemFilters;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Values;
import java.util.Iterator;

/** A for loop. */
record For(
    int line, Target target, Expr items, Expr test, boolean recursive, Body body, Body otherwise)
    implements Statement {

  @Override
  public Flow exec(Frame frame) {
    Object values = items.eval(frame);
    if (recursive) {
      frame.run().print(recurse(frame, values, 0));
    } else {
      return loop(frame, values, 0);
    }
    return Flow.NEXT;
  }

  /** Runs the loop over other items and returns its output. */
  String recurse(Frame frame, Object values, int depth) {
    frame.run().enter();
    try {
      return frame.run().capture(() -> loop(frame, values, depth));
    } finally {
      frame.run().leave();
    }
  }

  private Flow loop(Frame frame, Object values, int depth) {
    Run run = frame.run();
    Iterator<Object> iterator = Values.iterate(run, values);
    Loop loop =
        new Loop(
            test == null ? iterator : filtered(frame, iterator),
            test == null && Values.hasLength(values) ? Values.length(run, values) : -1,
            recursive ? inner -> recurse(frame, inner, depth + 1) : null,
            depth);
    boolean completed = false;
    while (loop.hasNext()) {
      run.step(1);
      Frame pass = frame.inner();
      pass.set("loop", loop);
      target.assign(pass, loop.next());
      Flow flow = body.exec(pass);
      if (flow == Flow.BREAK) {
        break;
      }
      completed |= flow == Flow.NEXT;
    }
    // As in Jinja, an iteration that was left early does not prevent the else part.
    return completed ? Flow.NEXT : otherwise.exec(frame.inner());
  }

  private Iterator<Object> filtered(Frame frame, Iterator<Object> all) {
    return ItemFilters.selected(
        all,
        item -> {
          Frame scope = frame.inner();
          target.assign(scope, item);
          return Values.isTrue(test.eval(scope));
        });
  }
}

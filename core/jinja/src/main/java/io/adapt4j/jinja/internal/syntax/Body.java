package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.value.Fault;
import java.util.List;

/** A sequence of statements; errors are reported with the line of their statement. */
public record Body(List<Statement> statements) {

  public Statement.Flow exec(Frame frame) {
    for (Statement statement : statements) {
      Statement.Flow flow = exec(statement, frame);
      if (flow != Statement.Flow.NEXT) {
        return flow;
      }
    }
    return Statement.Flow.NEXT;
  }

  private static Statement.Flow exec(Statement statement, Frame frame) {
    try {
      frame.run().step(1);
      return statement.exec(frame);
    } catch (Fault e) {
      throw e.at(statement.line());
    }
  }

  /** Runs the statements and returns their output instead of printing it. */
  String capture(Frame frame) {
    return frame.run().capture(() -> exec(frame));
  }
}

package io.adapt4j.jinja;

import java.util.List;

/** A sequence of statements; errors are reported with the line of their statement. */
record Body(List<Statement> statements) {

  Statement.Flow exec(Frame frame) {
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
      throw TemplateException.at(frame.run().source(), statement.line(), e);
    }
  }

  /** Runs the statements and returns their output instead of printing it. */
  String capture(Frame frame) {
    return frame.run().capture(() -> exec(frame));
  }
}

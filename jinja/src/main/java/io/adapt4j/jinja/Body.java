package io.adapt4j.jinja;

import java.util.List;

/** Statements one after another; what goes wrong in one is reported with its line. */
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

  /** Runs the statements and returns what they printed instead of printing it. */
  String capture(Frame frame) {
    return frame.run().capture(() -> exec(frame));
  }
}

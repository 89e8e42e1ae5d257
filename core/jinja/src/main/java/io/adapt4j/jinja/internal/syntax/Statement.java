package io.adapt4j.jinja.internal.syntax;

/** A statement of a template. Immutable. */
interface Statement {

  /** Effect of a statement on the enclosing loop. */
  enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  Flow exec(Frame frame);

  /** Line of the statement, from 1. */
  int line();
}

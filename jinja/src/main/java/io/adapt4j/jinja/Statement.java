package io.adapt4j.jinja;

/** A statement of a template. Immutable. */
interface Statement {

  /** How a statement leaves the loop around it. */
  enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  Flow exec(Frame frame);

  /** Where it begins, from 1. */
  int line();
}

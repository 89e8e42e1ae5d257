package io.adapt4j.jinja;

/** An expression of a template. Immutable. */
interface Expr {

  Object eval(Frame frame);
}

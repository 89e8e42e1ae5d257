package io.adapt4j.jinja.internal.syntax;

/** An expression of a template. Immutable. */
interface Expr {

  Object eval(Frame frame);
}

package io.adapt4j.core.template;

/** An expression of a template. Immutable. */
interface Expr {

  Object eval(Frame frame);
}

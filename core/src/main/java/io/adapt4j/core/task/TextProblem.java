package io.adapt4j.core.task;

/** What is to be said of a text. */
public enum TextProblem {
  /** Which one of several classes it belongs to. */
  ONE_LABEL,
  /** To which of several classes it belongs, any number of them. */
  MANY_LABELS,
  /** A number, such as a rating. */
  NUMBER,
  /** The class of each of its words. */
  TOKEN_LABELS
}

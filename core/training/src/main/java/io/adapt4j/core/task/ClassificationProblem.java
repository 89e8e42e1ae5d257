package io.adapt4j.core.task;

/** Kinds of classification and regression of texts. */
public enum ClassificationProblem {
  /** One of several classes. */
  SINGLE_LABEL,
  /** Any number of several classes. */
  MULTI_LABEL,
  /** A number, such as a rating. */
  REGRESSION,
  /** One of several classes for each word of a text. */
  TOKEN
}

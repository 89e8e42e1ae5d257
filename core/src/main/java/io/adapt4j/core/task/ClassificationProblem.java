package io.adapt4j.core.task;

/** What a text, or each of its words, is given. */
public enum ClassificationProblem {
  /** One of several classes. */
  SINGLE_LABEL,
  /** Any number of several classes. */
  MULTI_LABEL,
  /** A number, such as a rating. */
  REGRESSION,
  /** One of several classes for each word. */
  TOKEN
}

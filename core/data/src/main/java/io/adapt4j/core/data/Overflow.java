package io.adapt4j.core.data;

/** Handling of an example that has more tokens than the limit. */
public enum Overflow {
  /** Keep the first tokens and, after them, the end-of-sequence token if there was one. */
  TRUNCATE_RIGHT,
  /** Keep the last tokens and, before them, the beginning-of-sequence token if there was one. */
  TRUNCATE_LEFT,
  /**
   * Split it into several samples, each of which begins with the beginning-of-sequence token, if
   * the example does, and with the last tokens of the previous sample. These are context only, so
   * that every token is trained on once. Samples without trained tokens are dropped.
   */
  SPLIT,
  /** Drop the example. */
  DROP,
  /** Throw an exception that names the row. */
  FAIL
}

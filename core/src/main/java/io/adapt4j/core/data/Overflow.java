package io.adapt4j.core.data;

/** What to do with an example that has more tokens than the limit. */
public enum Overflow {
  /** Keep the first tokens and, after them, the end-of-sequence token if there was one. */
  TRUNCATE_RIGHT,
  /** Keep the last tokens and, before them, the beginning-of-sequence token if there was one. */
  TRUNCATE_LEFT,
  /**
   * Make several samples of it, each of which begins with the beginning-of-sequence token, if the
   * example does, and with the last tokens of the sample before it. These are context only, so that
   * every token is learned once. Samples with nothing to learn are left out.
   */
  SPLIT,
  /** Leave the example out. */
  DROP,
  /** Throw an exception that names the row. */
  FAIL
}

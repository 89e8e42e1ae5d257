package io.adapt4j.core.data;

/** What to do with an example that has more tokens than the limit. */
public enum Overflow {
  /** Keep the first tokens and, after them, the end-of-sequence token if there was one. */
  TRUNCATE_RIGHT,
  /** Leave the example out. */
  DROP,
  /** Throw an exception that names the row. */
  FAIL
}

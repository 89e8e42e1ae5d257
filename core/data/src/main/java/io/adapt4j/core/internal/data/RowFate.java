package io.adapt4j.core.internal.data;

/** Outcome of encoding a row, without its tokens. */
public enum RowFate {
  KEPT,
  TRUNCATED,
  SPLIT,
  /** It has more tokens than the limit. */
  TOO_LONG,
  /** Within the limit it has no loss term. */
  NOTHING_TO_LEARN,
  /** Its two answers have the same tokens. */
  ALIKE;

  /** {@return whether the row is trained on} */
  public boolean isKept() {
    return this == KEPT || this == TRUNCATED || this == SPLIT;
  }
}

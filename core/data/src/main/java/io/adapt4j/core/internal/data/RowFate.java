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

  static RowFate of(EncodedExample encoded) {
    if (encoded instanceof EncodedExample.Dropped dropped) {
      return dropped.reason() == EncodedExample.Reason.TOO_LONG ? TOO_LONG : NOTHING_TO_LEARN;
    }
    if (encoded instanceof EncodedExample.Kept kept) {
      return kept.truncated() ? TRUNCATED : KEPT;
    }
    return SPLIT;
  }

  /** {@return whether the row is trained on} */
  public boolean isKept() {
    return this == KEPT || this == TRUNCATED || this == SPLIT;
  }
}

package io.adapt4j.core.internal.data;

/** Outcome of encoding a row, without its tokens. */
enum RowFate {
  KEPT,
  TRUNCATED,
  SPLIT,
  TOO_LONG,
  NOTHING_TO_LEARN;

  static RowFate of(EncodedExample encoded) {
    if (encoded instanceof EncodedExample.Dropped dropped) {
      return dropped.reason() == EncodedExample.Reason.TOO_LONG ? TOO_LONG : NOTHING_TO_LEARN;
    }
    if (encoded instanceof EncodedExample.Kept kept) {
      return kept.truncated() ? TRUNCATED : KEPT;
    }
    return SPLIT;
  }

  boolean isKept() {
    return this != TOO_LONG && this != NOTHING_TO_LEARN;
  }
}

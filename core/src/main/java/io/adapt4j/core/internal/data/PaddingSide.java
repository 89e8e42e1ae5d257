package io.adapt4j.core.internal.data;

/** Where a batch is filled up to the length of its longest row. */
public enum PaddingSide {
  /** After the tokens, as in training. */
  RIGHT,
  /** Before the tokens, as in generation. */
  LEFT
}

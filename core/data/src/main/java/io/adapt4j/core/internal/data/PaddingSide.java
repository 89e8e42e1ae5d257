package io.adapt4j.core.internal.data;

/** Side on which the rows of a batch are padded to the longest. */
public enum PaddingSide {
  /** After the tokens, as in training. */
  RIGHT,
  /** Before the tokens, as in generation. */
  LEFT
}

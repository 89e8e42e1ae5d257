package io.adapt4j.core.augment;

/** A part of a row that can be paraphrased. */
public enum Part {
  /** The prompt of a pair or preference, and the user messages of a conversation. */
  PROMPT,
  /** The completion of a pair. */
  COMPLETION,
  /** The text of a row that consists of a text, with or without a label. */
  TEXT
}

package io.adapt4j.core.augment;

/** A part of a row that may get other paraphrases. */
public enum Part {
  /**
   * What is given: the prompt of a pair or a preference, and what the user says in a conversation.
   */
  PROMPT,
  /** What is learned: the completion of a pair. */
  COMPLETION,
  /** The text of a row that has nothing else, or a label beside it. */
  TEXT
}

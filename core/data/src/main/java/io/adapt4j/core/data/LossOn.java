package io.adapt4j.core.data;

/** Selection of the trained tokens of an example. */
public enum LossOn {
  /** The completion after a prompt, every assistant message of a conversation, or a whole text. */
  COMPLETION,
  /** Like {@link #COMPLETION}, but only the last assistant message of a conversation. */
  LAST_ASSISTANT,
  /** Every token, including prompts and user messages. */
  ALL
}

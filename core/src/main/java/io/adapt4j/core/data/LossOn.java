package io.adapt4j.core.data;

/** Which tokens of an example are trained on. */
public enum LossOn {
  /**
   * What the model is to write: the completion after a prompt, every message of the assistant in a
   * conversation, the whole of a text.
   */
  COMPLETION,
  /** As {@link #COMPLETION}, but of a conversation only the assistant's last message. */
  LAST_ASSISTANT,
  /** Every token, prompts and the messages of users among them. */
  ALL
}

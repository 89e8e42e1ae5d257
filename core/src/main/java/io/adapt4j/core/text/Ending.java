package io.adapt4j.core.text;

/** Why a {@link GeneratedText} ends where it does. */
public enum Ending {
  /** It is complete: the model ended it, or it reached a stop string. */
  COMPLETE,
  /** The limit on new tokens or the model's context was reached. */
  LENGTH,
  /** The server held it back, or a part of it, for its content. */
  FILTERED,
  /** Something else, such as a call of a tool, or the generator does not say. */
  OTHER
}

package io.adapt4j.core.inspect;

import java.util.OptionalInt;

/**
 * The intended use of a model, which decides which warnings apply.
 *
 * @param chat whether it is trained on or used for chats; default false
 * @param sequenceLength the longest sequence in tokens, if known
 * @param commercial whether the use is commercial; default true, to be on the safe side
 */
record Intent(boolean chat, OptionalInt sequenceLength, boolean commercial) {

  /** Checks the length. Throws {@link IllegalArgumentException} if the length is below 1. */
  public Intent {
    if (sequenceLength.orElse(1) < 1) {
      throw new IllegalArgumentException(
          "sequenceLength: expected at least 1, found " + sequenceLength.getAsInt());
    }
  }

  /**
   * Returns the defaults.
   *
   * @return commercial use, no chats, sequences of unknown length
   */
  static Intent of() {
    return new Intent(false, OptionalInt.empty(), true);
  }

  /**
   * Sets whether chats are used.
   *
   * @param value whether they are
   * @return a new intent
   */
  Intent chat(boolean value) {
    return new Intent(value, sequenceLength, commercial);
  }

  /**
   * Sets the longest sequence.
   *
   * @param tokens the longest sequence in tokens, at least 1
   * @return a new intent
   * @throws IllegalArgumentException if it is below 1
   */
  Intent sequenceLength(int tokens) {
    return new Intent(chat, OptionalInt.of(tokens), commercial);
  }

  /**
   * Sets whether the use is commercial.
   *
   * @param value whether it is
   * @return a new intent
   */
  Intent commercial(boolean value) {
    return new Intent(chat, sequenceLength, value);
  }
}

package io.adapt4j.core.inspect;

import java.util.OptionalInt;

/** The intended use of a model, which decides which warnings apply. */
record Intent(boolean chat, OptionalInt sequenceLength, boolean commercial) {

  /** Checks the length. Throws {@link IllegalArgumentException} if the length is below 1. */
  public Intent {
    if (sequenceLength.orElse(1) < 1) {
      throw new IllegalArgumentException(
          "sequenceLength: expected at least 1, found " + sequenceLength.getAsInt());
    }
  }

  static Intent of() {
    return new Intent(false, OptionalInt.empty(), true);
  }

  Intent chat(boolean value) {
    return new Intent(value, sequenceLength, commercial);
  }

  Intent sequenceLength(int tokens) {
    return new Intent(chat, OptionalInt.of(tokens), commercial);
  }

  Intent commercial(boolean value) {
    return new Intent(chat, sequenceLength, value);
  }
}

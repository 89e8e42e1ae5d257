package io.adapt4j.core.hub;

/** A secret that is not printed by accident. */
record Token(String value) {

  Token {
    if (value.isBlank() || value.chars().anyMatch(c -> c <= 0x20 || c >= 0x7f)) {
      throw new IllegalArgumentException(
          "the access token is empty or has characters that a token never has");
    }
  }

  @Override
  public String toString() {
    return "(hidden)";
  }
}

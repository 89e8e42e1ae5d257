package io.adapt4j.core.hub;

/** An access token whose string form does not reveal it. */
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

package io.adapt4j.tools;

import java.util.List;
import java.util.Optional;

/** Matches one of several texts character by character, after white space. */
final class Expected {

  private final List<String> texts;
  private final StringBuilder found = new StringBuilder();

  Expected(String... texts) {
    this.texts = List.of(texts);
  }

  /** Accepts the next character; false if it continues none of the texts. */
  boolean accept(char c) {
    if (found.isEmpty() && Character.isWhitespace(c)) {
      return true;
    }
    found.append(c);
    return texts.stream().anyMatch(text -> text.startsWith(found.toString()));
  }

  /** The text that was matched completely. */
  Optional<String> complete() {
    return texts.stream().filter(text -> text.contentEquals(found)).findFirst();
  }

  void reset() {
    found.setLength(0);
  }
}

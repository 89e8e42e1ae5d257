package io.adapt4j.tools;

import java.util.List;
import java.util.Optional;

/** Reads one of several texts character by character, after white space. */
final class Expected {

  private final List<String> texts;
  private final StringBuilder found = new StringBuilder();

  Expected(String... texts) {
    this.texts = List.of(texts);
  }

  /** Takes the next character; false if none of the texts goes on so. */
  boolean accept(char c) {
    if (found.isEmpty() && Character.isWhitespace(c)) {
      return true;
    }
    found.append(c);
    return texts.stream().anyMatch(text -> text.startsWith(found.toString()));
  }

  /** The text that was read to its end. */
  Optional<String> complete() {
    return texts.stream().filter(text -> text.contentEquals(found)).findFirst();
  }

  void reset() {
    found.setLength(0);
  }
}

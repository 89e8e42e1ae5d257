package io.adapt4j.upkeep.feedback;

import java.util.Locale;

/** Checks of what is stored. */
final class Entries {

  private static final int MOST_NAME = 256;

  /** Maximum length of a text, such as a message of a request. */
  private static final int MOST_TEXT = 1 << 20;

  private Entries() {}

  static void requireName(String field, String value) {
    if (value == null || value.isBlank() || value.length() > MOST_NAME) {
      throw new IllegalArgumentException(
          "%s: expected 1 to %d characters, not all blank, found %s. Shorten it, or use a digest."
              .formatted(
                  field, MOST_NAME, value == null ? "null" : value.length() + " characters"));
    }
  }

  static void requireText(String field, String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(field + ": expected a text, found a blank one");
    }
    requireLength(field, value.length());
  }

  static void requireLength(String field, int characters) {
    if (characters > MOST_TEXT) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: expected at most %,d characters, found %,d. Shorten it.",
              field,
              MOST_TEXT,
              characters));
    }
  }
}

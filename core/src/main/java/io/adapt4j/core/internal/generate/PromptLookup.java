package io.adapt4j.core.internal.generate;

/**
 * Guesses the next tokens of a text from the text itself: those that followed where its last tokens
 * stood before (prompt lookup decoding, Saxena 2023). A guess that was wrong makes the next one
 * short, so that a text which quotes nothing costs little, and each that was right a longer one.
 */
final class PromptLookup {

  /** The most of the last tokens that are looked up; if they are found nowhere, fewer are. */
  private static final int LONGEST = 3;

  private static final int[] NONE = {};

  private final int tokens;
  private int next;

  /**
   * Prepares for one text.
   *
   * @param tokens the most to guess at once; 0 for none
   */
  PromptLookup(int tokens) {
    this.tokens = tokens;
    this.next = tokens;
  }

  /** Learns how many of the last guess were right. */
  void accepted(int right) {
    next = Math.min(tokens, 2 * right + 1);
  }

  /** Guesses. */
  int[] guess(int[] text, int length, int most) {
    int count = Math.min(next, most);
    if (count <= 0) {
      return NONE;
    }
    for (int size = Math.min(LONGEST, length - 1); size > 0; size--) {
      int end = latest(text, length, size);
      if (end > 0) {
        int[] guessed = new int[count];
        for (int i = 0; i < count; i++) {
          guessed[i] = end + i < length ? text[end + i] : guessed[end + i - length];
        }
        return guessed;
      }
    }
    return NONE;
  }

  /** Where the latest earlier place of the last tokens ends, or 0 if there is none. */
  private static int latest(int[] text, int length, int size) {
    for (int end = length - 1; end >= size; end--) {
      int same = 0;
      while (same < size && text[end - 1 - same] == text[length - 1 - same]) {
        same++;
      }
      if (same == size) {
        return end;
      }
    }
    return 0;
  }
}

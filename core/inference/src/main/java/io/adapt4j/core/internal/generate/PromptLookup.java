package io.adapt4j.core.internal.generate;

/**
 * Guesses the next tokens of a text from the text itself: those that followed an earlier occurrence
 * of its last tokens (prompt lookup decoding, Saxena 2023).
 */
final class PromptLookup {

  /** Maximum n-gram length to look up; if it is not found, shorter ones are tried. */
  private static final int LONGEST = 3;

  private static final int[] NONE = {};

  private final DraftLength draftLength;

  /**
   * Creates a lookup for one text.
   *
   * @param tokens maximum number of tokens to guess at once; 0 for none
   */
  PromptLookup(int tokens, DraftCost cost) {
    this.draftLength = new DraftLength(tokens, cost);
  }

  /** Records the number of accepted tokens of the last guess. */
  void accepted(int guessed, int right) {
    draftLength.accepted(guessed, right);
  }

  /** Records the time of a pass with guesses, or with none. */
  void took(int guessed, long nanos) {
    draftLength.took(guessed, nanos);
  }

  /** Guesses the tokens that come next. */
  int[] guess(int[] text, int length, int most) {
    int count = Math.min(draftLength.next(), most);
    if (count <= 0) {
      return NONE;
    }
    for (int size = Math.min(LONGEST, length - 1); size > 0; size--) {
      int end = latest(text, length, size);
      if (end > 0) {
        int[] guessed = new int[count];
        for (int i = 0; i < guessed.length; i++) {
          guessed[i] = end + i < length ? text[end + i] : guessed[end + i - length];
        }
        return guessed;
      }
    }
    return NONE;
  }

  /** Returns the end of the latest earlier occurrence of the last tokens, or 0 if there is none. */
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

package io.adapt4j.core.tokenize;

import java.util.Arrays;

/**
 * The tokens of one text with the part of the text each came from. Not copied in or out: treat the
 * arrays as read-only.
 *
 * <p>Offsets count UTF-16 units of the text. A token that is a part of a character, as byte-level
 * tokens can be, has the span of the whole character. A token that came from no text, such as a
 * beginning-of-sequence token, has an empty span at 0.
 *
 * @param ids token ids
 * @param starts first character of each token
 * @param ends character after each token
 * @param special whether the tokenizer added the token to the text
 */
// Equality by content is not offered; copying arrays in every call would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record Encoding(int[] ids, int[] starts, int[] ends, boolean[] special) {

  /**
   * Creates an encoding.
   *
   * @param ids token ids
   * @param starts first character of each token
   * @param ends character after each token
   * @param special whether the tokenizer added the token to the text
   * @throws IllegalArgumentException if the arrays differ in length
   */
  public Encoding {
    if (starts.length != ids.length || ends.length != ids.length || special.length != ids.length) {
      throw new IllegalArgumentException(
          "an encoding needs arrays of one length, found ids "
              + ids.length
              + ", starts "
              + starts.length
              + ", ends "
              + ends.length
              + ", special "
              + special.length);
    }
  }

  /**
   * Returns the number of tokens.
   *
   * @return the number of tokens
   */
  public int length() {
    return ids.length;
  }

  /** Turns offsets in code points into offsets in UTF-16 units. */
  Encoding inUtf16Units(String text) {
    if (text.codePointCount(0, text.length()) == text.length()) {
      return this;
    }
    int[] units = new int[text.codePointCount(0, text.length()) + 1];
    for (int i = 1; i < units.length; i++) {
      units[i] = text.offsetByCodePoints(units[i - 1], 1);
    }
    int[] unitStarts = new int[ids.length];
    int[] unitEnds = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      unitStarts[i] = units[starts[i]];
      unitEnds[i] = units[ends[i]];
    }
    return new Encoding(ids, unitStarts, unitEnds, special);
  }

  /** Puts tokens of no text around these. */
  Encoding surroundedBy(int[] before, int[] after) {
    int length = before.length + ids.length + after.length;
    int[] newIds = new int[length];
    int[] newStarts = new int[length];
    int[] newEnds = new int[length];
    boolean[] newSpecial = new boolean[length];
    System.arraycopy(before, 0, newIds, 0, before.length);
    System.arraycopy(ids, 0, newIds, before.length, ids.length);
    System.arraycopy(after, 0, newIds, before.length + ids.length, after.length);
    System.arraycopy(starts, 0, newStarts, before.length, ids.length);
    System.arraycopy(ends, 0, newEnds, before.length, ids.length);
    System.arraycopy(special, 0, newSpecial, before.length, ids.length);
    Arrays.fill(newSpecial, 0, before.length, true);
    Arrays.fill(newSpecial, before.length + ids.length, length, true);
    return new Encoding(newIds, newStarts, newEnds, newSpecial);
  }
}

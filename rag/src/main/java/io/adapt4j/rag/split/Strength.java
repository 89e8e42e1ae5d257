package io.adapt4j.rag.split;

/** Strength of a break in a text: the higher, the better the place to split. */
final class Strength {

  /** Between two characters of a word. */
  static final int CHARACTER = 0;

  /** Between two words. */
  static final int WORD = 1;

  /** Between two lines. */
  static final int LINE = 2;

  /** Between two sentences. */
  static final int SENTENCE = 3;

  /** Between two parts of a list item. */
  static final int INNER_ITEM = 4;

  /** Between two list items. */
  static final int ITEM = 5;

  /** Between two paragraphs, or other blocks. */
  static final int BLOCK = 6;

  /** Before a heading of the sixth and lowest level. */
  static final int SECTION = 7;

  /** Before a heading of the first level. */
  static final int STRONGEST = 12;

  private Strength() {}

  static int beforeHeading(int level) {
    return STRONGEST + 1 - level;
  }
}

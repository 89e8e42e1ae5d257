package io.adapt4j.rag.split;

/** What separates words and need not be in a chunk. */
final class Blank {

  private Blank() {}

  static boolean is(int point) {
    return Character.isWhitespace(point) || Character.isSpaceChar(point);
  }

  /** The first character at or after a position that is not blank; {@code end} if there is none. */
  static int skip(String text, int start, int end) {
    int position = start;
    while (position < end && is(text.charAt(position))) {
      position++;
    }
    return position;
  }

  /** The end of what is not blank from a position on. */
  static int skipWord(String text, int start, int end) {
    int position = start;
    while (position < end && !is(text.charAt(position))) {
      position++;
    }
    return position;
  }
}

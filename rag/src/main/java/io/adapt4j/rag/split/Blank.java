package io.adapt4j.rag.split;

/** Blank characters, which separate words and need not be in a chunk. */
final class Blank {

  private Blank() {}

  static boolean is(int point) {
    return Character.isWhitespace(point) || Character.isSpaceChar(point);
  }

  /** Returns whether a text has characters that some tokenizers drop, joining their neighbors. */
  static boolean hasControls(String text) {
    for (int i = 0; i < text.length(); i++) {
      char character = text.charAt(i);
      boolean layout = character == '\n' || character == '\r' || character == '\t';
      if (!layout && (Character.isISOControl(character) || isUnknown(character))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isUnknown(char character) {
    return character > '\u007F' && Character.getType(character) == Character.UNASSIGNED;
  }

  /** Returns the first non-blank position at or after another; {@code end} if there is none. */
  static int skip(String text, int start, int end) {
    int position = start;
    while (position < end && is(text.charAt(position))) {
      position++;
    }
    return position;
  }

  /** Returns the end of the non-blank run that starts at a position. */
  static int skipWord(String text, int start, int end) {
    int position = start;
    while (position < end && !is(text.charAt(position))) {
      position++;
    }
    return position;
  }
}

package io.adapt4j.structured.internal.automaton;

/** Texts of characters that need no escape in a JSON string, as UTF-8. */
final class PlainText {

  /** The state between characters. */
  static final int BETWEEN = 0;

  /** The state after bytes that are not a prefix of such a text. */
  static final int OTHER = -1;

  /**
   * By the first byte: first and last value of the second one, and the number of bytes after it.
   */
  private static final int[][] FIRST = {
    {0xC2, 0xDF, 0x80, 0xBF, 0},
    {0xE0, 0xE0, 0xA0, 0xBF, 1},
    {0xE1, 0xEC, 0x80, 0xBF, 1},
    {0xED, 0xED, 0x80, 0x9F, 1},
    {0xEE, 0xEF, 0x80, 0xBF, 1},
    {0xF0, 0xF0, 0x90, 0xBF, 2},
    {0xF1, 0xF3, 0x80, 0xBF, 2},
    {0xF4, 0xF4, 0x80, 0x8F, 2}
  };

  /** First of the states that wait for one and for two more bytes. */
  private static final int REST = 2;

  private PlainText() {}

  /** The state after another byte. */
  static int after(int state, int value) {
    if (state == OTHER) {
      return OTHER;
    }
    if (state == BETWEEN) {
      if (value < 0x80) {
        return value >= 0x20 && value != '"' && value != '\\' ? BETWEEN : OTHER;
      }
      for (int i = 0; i < FIRST.length; i++) {
        if (value >= FIRST[i][0] && value <= FIRST[i][1]) {
          return REST + 1 + i;
        }
      }
      return OTHER;
    }
    if (state <= REST) {
      return value >= 0x80 && value <= 0xBF ? state - 1 : OTHER;
    }
    int[] first = FIRST[state - REST - 1];
    return value >= first[2] && value <= first[3] ? first[4] : OTHER;
  }

  /** The number of states. */
  static int states() {
    return REST + 1 + FIRST.length;
  }
}

package io.adapt4j.rag.split;

/**
 * Finds breaks between blocks of source code in any language, by blank lines and indentation: a
 * break after a blank line is stronger the less the next line is indented, and one before a line
 * that only closes a block is no stronger than a line end.
 */
final class SourceCode {

  /** Indentation thresholds in columns, each of which lowers the strength by one. */
  private static final int[] COLUMNS = {0, 4, 8};

  private static final int TAB = 4;

  private SourceCode() {}

  static Breaks breaks(String text) {
    Breaks breaks = new Breaks();
    add(text, 0, text.length(), Strength.BLOCK, breaks);
    return breaks;
  }

  /** Adds the breaks within code. */
  static void add(String text, int start, int end, int strongest, Breaks breaks) {
    boolean blankBefore = false;
    for (int line = start; line < end; ) {
      int next = text.indexOf('\n', line);
      next = next < 0 || next >= end ? end : next + 1;
      int first = Blank.skip(text, line, next);
      if (first == next) {
        blankBefore = true;
      } else {
        boolean opens = blankBefore && !closes(text.charAt(first));
        breaks.add(line, opens ? strength(columns(text, line, first), strongest) : Strength.LINE);
        blankBefore = false;
      }
      line = next;
    }
  }

  private static boolean closes(char first) {
    return first == '}' || first == ')' || first == ']';
  }

  private static int strength(int columns, int strongest) {
    int strength = strongest;
    for (int limit : COLUMNS) {
      strength -= columns > limit ? 1 : 0;
    }
    return Math.max(strength, Strength.LINE);
  }

  private static int columns(String text, int line, int first) {
    int columns = 0;
    for (int i = line; i < first; i++) {
      columns += text.charAt(i) == '\t' ? TAB : 1;
    }
    return columns;
  }
}

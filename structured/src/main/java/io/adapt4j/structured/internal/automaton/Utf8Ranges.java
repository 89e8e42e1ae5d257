package io.adapt4j.structured.internal.automaton;

import java.util.List;

/** Ranges of characters as sequences of ranges of bytes (as in RE2 and rust-utf8-ranges). */
final class Utf8Ranges {

  /** The last character with one, two and three bytes. */
  private static final int[] LAST = {0x7F, 0x7FF, 0xFFFF};

  private Utf8Ranges() {}

  /**
   * Adds the byte sequences of a range without surrogates, as arrays with the first and the last
   * byte of each position.
   */
  static void add(int first, int last, List<int[]> to) {
    for (int limit : LAST) {
      if (first <= limit && last > limit) {
        add(first, limit, to);
        add(limit + 1, last, to);
        return;
      }
    }
    if (last <= LAST[0]) {
      to.add(new int[] {first, last});
      return;
    }
    for (int bits = 6; bits <= 18; bits += 6) {
      int mask = (1 << bits) - 1;
      if ((first & ~mask) != (last & ~mask)) {
        if ((first & mask) != 0) {
          add(first, first | mask, to);
          add((first | mask) + 1, last, to);
          return;
        }
        if ((last & mask) != mask) {
          add(first, (last & ~mask) - 1, to);
          add(last & ~mask, last, to);
          return;
        }
      }
    }
    int[] low = bytes(first);
    int[] high = bytes(last);
    int[] sequence = new int[2 * low.length];
    for (int i = 0; i < low.length; i++) {
      sequence[2 * i] = low[i];
      sequence[2 * i + 1] = high[i];
    }
    to.add(sequence);
  }

  private static int[] bytes(int character) {
    if (character <= LAST[1]) {
      return new int[] {0xC0 | character >> 6, rest(character, 0)};
    }
    if (character <= LAST[2]) {
      return new int[] {0xE0 | character >> 12, rest(character, 6), rest(character, 0)};
    }
    return new int[] {
      0xF0 | character >> 18, rest(character, 12), rest(character, 6), rest(character, 0)
    };
  }

  private static int rest(int character, int shift) {
    return 0x80 | (character >> shift & 0x3F);
  }
}

package io.adapt4j.structured.internal.regex;

import io.adapt4j.structured.internal.grammar.CodePoints;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** Integers that are multiples of a number. */
public final class Remainders {

  private static final int START = 0;
  private static final int SIGN = 1;
  private static final int DEAD = 2;

  /** The first state that represents a remainder. */
  private static final int FIRST = 3;

  private Remainders() {}

  /** Returns the multiples of a number. */
  public static CharDfa of(int divisor) {
    List<CodePoints> sets = new ArrayList<>(List.of(CodePoints.of('-')));
    for (int digit = 0; digit < 10; digit++) {
      sets.add(CodePoints.of('0' + digit));
    }
    Alphabet alphabet = Alphabet.of(sets);
    int[][] next = new int[FIRST + divisor][alphabet.size()];
    for (int state = 0; state < next.length; state++) {
      Arrays.fill(next[state], DEAD);
      if (state != DEAD) {
        int before = state >= FIRST ? state - FIRST : 0;
        for (int digit = 0; digit < 10; digit++) {
          next[state][alphabet.classOf('0' + digit)] = FIRST + (before * 10 + digit) % divisor;
        }
      }
    }
    next[START][alphabet.classOf('-')] = SIGN;
    BitSet accepting = new BitSet();
    accepting.set(FIRST);
    return new CharDfa(alphabet, next, accepting);
  }
}

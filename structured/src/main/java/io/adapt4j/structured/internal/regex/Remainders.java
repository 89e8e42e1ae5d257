package io.adapt4j.structured.internal.regex;

import io.adapt4j.structured.internal.grammar.CodePoints;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Integers that are multiples of a number. */
public final class Remainders {

  private Remainders() {}

  /**
   * Returns the multiples of a number.
   *
   * @param divisor the number, at least 1
   * @return an automaton of their digits, with a sign or without
   */
  public static CharDfa of(int divisor) {
    int start = 0;
    int sign = 1;
    int dead = 2;
    int first = 3;
    List<List<CharDfa.Edge>> edges = new ArrayList<>();
    for (int state = 0; state < first + divisor; state++) {
      Map<Integer, CodePoints> targets = new LinkedHashMap<>();
      CodePoints rest = CodePoints.ALL;
      if (state != dead) {
        int before = state >= first ? state - first : 0;
        for (int digit = 0; digit < 10; digit++) {
          CodePoints character = CodePoints.of('0' + digit);
          targets.merge(first + (before * 10 + digit) % divisor, character, CodePoints::or);
          rest = rest.minus(character);
        }
        if (state == start) {
          targets.put(sign, CodePoints.of('-'));
          rest = rest.minus(CodePoints.of('-'));
        }
      }
      targets.merge(dead, rest, CodePoints::or);
      edges.add(CharDfa.edges(targets));
    }
    BitSet accepting = new BitSet();
    accepting.set(first);
    return new CharDfa(edges, accepting);
  }
}

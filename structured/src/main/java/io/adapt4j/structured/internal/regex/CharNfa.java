package io.adapt4j.structured.internal.regex;

import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.grammar.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An automaton of a text without rules, on the way to a deterministic one. */
final class CharNfa {

  private static final int MOST_STATES = 50_000;
  private static final int ACCEPT = 0;

  /** What a state reads, or the empty set where it reads nothing. */
  private final List<CodePoints> reads = new ArrayList<>();

  private final List<List<Integer>> targets = new ArrayList<>();
  private final int start;

  CharNfa(Node node) {
    add(CodePoints.NONE, List.of());
    start = compile(node, ACCEPT);
  }

  private int add(CodePoints set, List<Integer> next) {
    if (reads.size() > MOST_STATES) {
      throw CharDfa.tooLarge();
    }
    reads.add(set);
    targets.add(new ArrayList<>(next));
    return reads.size() - 1;
  }

  private int compile(Node node, int next) {
    if (node instanceof Node.Characters characters) {
      return characters.set().isEmpty()
          ? add(CodePoints.NONE, List.of())
          : add(characters.set(), List.of(next));
    }
    if (node instanceof Node.Literal literal) {
      int state = next;
      int[] characters = literal.text().codePoints().toArray();
      for (int i = characters.length - 1; i >= 0; i--) {
        state = add(CodePoints.of(characters[i]), List.of(state));
      }
      return state;
    }
    if (node instanceof Node.Sequence sequence) {
      int state = next;
      for (int i = sequence.parts().size() - 1; i >= 0; i--) {
        state = compile(sequence.parts().get(i), state);
      }
      return state;
    }
    if (node instanceof Node.Alternatives alternatives) {
      return add(
          CodePoints.NONE,
          alternatives.choices().stream().map(choice -> compile(choice, next)).toList());
    }
    if (node instanceof Node.Repeat repeat) {
      return repeat(repeat, next);
    }
    throw new IllegalArgumentException("a rule in a regular text: " + node);
  }

  private int repeat(Node.Repeat repeat, int next) {
    int state = next;
    if (repeat.max() == Node.UNBOUNDED) {
      int again = add(CodePoints.NONE, List.of(next));
      targets.get(again).add(compile(repeat.body(), again));
      state = again;
    } else {
      for (int i = repeat.max(); i > repeat.min(); i--) {
        state = add(CodePoints.NONE, List.of(compile(repeat.body(), state), next));
      }
    }
    for (int i = 0; i < repeat.min(); i++) {
      state = compile(repeat.body(), state);
    }
    return state;
  }

  private BitSet closure(BitSet states) {
    BitSet closed = new BitSet();
    Deque<Integer> open = new ArrayDeque<>(states.stream().boxed().toList());
    while (!open.isEmpty()) {
      int state = open.pop();
      if (!closed.get(state)) {
        closed.set(state);
        if (reads.get(state).isEmpty()) {
          open.addAll(targets.get(state));
        }
      }
    }
    return closed;
  }

  CharDfa determinized() {
    Map<BitSet, Integer> known = new HashMap<>();
    List<BitSet> sets = new ArrayList<>();
    BitSet first = new BitSet();
    first.set(start);
    number(closure(first), known, sets);
    List<List<CharDfa.Edge>> edges = new ArrayList<>();
    BitSet accepting = new BitSet();
    for (int state = 0; state < sets.size(); state++) {
      BitSet from = sets.get(state);
      accepting.set(state, from.get(ACCEPT));
      Map<BitSet, List<int[]>> byTarget = new LinkedHashMap<>();
      int[] reading = from.stream().filter(s -> !reads.get(s).isEmpty()).toArray();
      List<CodePoints> read = new ArrayList<>();
      for (int s : reading) {
        read.add(reads.get(s));
      }
      for (int[] atom : CharDfa.atoms(read)) {
        BitSet next = new BitSet();
        for (int s : reading) {
          if (reads.get(s).contains(atom[0])) {
            targets.get(s).forEach(next::set);
          }
        }
        byTarget.computeIfAbsent(next, unknown -> new ArrayList<>()).add(atom);
      }
      Map<Integer, CodePoints> numbered = new LinkedHashMap<>();
      byTarget.forEach(
          (next, ranges) ->
              numbered.merge(
                  number(closure(next), known, sets), CodePoints.ofRanges(ranges), CodePoints::or));
      edges.add(CharDfa.edges(numbered));
    }
    return new CharDfa(edges, accepting);
  }

  private static int number(BitSet set, Map<BitSet, Integer> known, List<BitSet> sets) {
    Integer number = known.get(set);
    if (number == null) {
      if (sets.size() >= CharDfa.mostStates()) {
        throw CharDfa.tooLarge();
      }
      number = sets.size();
      known.put(set, number);
      sets.add(set);
    }
    return number;
  }
}

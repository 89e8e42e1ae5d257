package io.adapt4j.structured.internal.regex;

import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.limit.Budget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A nondeterministic automaton of a text without rules, which is then determinized. */
final class CharNfa {

  private static final int MOST_NFA_STATES = 50_000;
  private static final int ACCEPT = 0;

  /** Instead of a set: reads nothing. */
  private static final int NOTHING_READ = -1;

  private final Budget budget = Budget.current();
  private final Map<CodePoints, Integer> known = new HashMap<>();
  private final List<CodePoints> sets = new ArrayList<>();

  /** The number of the set that a state reads. */
  private int[] reads = new int[64];

  private int[][] targets = new int[64][];
  private int size;
  private final int start;
  private final Alphabet alphabet;

  /** The search in which a state was last reached. */
  private int[] reached = {};

  private int search;

  CharNfa(Node node) {
    add(NOTHING_READ);
    start = compile(node, ACCEPT);
    alphabet = Alphabet.of(sets);
  }

  private int add(int set, int... next) {
    if (size > MOST_NFA_STATES) {
      throw RegexException.tooLarge();
    }
    budget.states(2L + next.length);
    if (size == reads.length) {
      reads = Arrays.copyOf(reads, 2 * size);
      targets = Arrays.copyOf(targets, 2 * size);
    }
    reads[size] = set;
    targets[size] = next;
    return size++;
  }

  private int reading(CodePoints set, int next) {
    if (set.isEmpty()) {
      return add(NOTHING_READ);
    }
    Integer number = known.get(set);
    if (number == null) {
      number = sets.size();
      sets.add(set);
      known.put(set, number);
    }
    return add(number, next);
  }

  private int compile(Node node, int next) {
    if (node instanceof Node.Characters characters) {
      return reading(characters.set(), next);
    }
    if (node instanceof Node.Literal literal) {
      int state = next;
      int[] characters = literal.text().codePoints().toArray();
      for (int i = characters.length - 1; i >= 0; i--) {
        state = reading(CodePoints.of(characters[i]), state);
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
      int[] choices = new int[alternatives.choices().size()];
      for (int i = 0; i < choices.length; i++) {
        choices[i] = compile(alternatives.choices().get(i), next);
      }
      return add(NOTHING_READ, choices);
    }
    if (node instanceof Node.Repeat repeat) {
      return repeat(repeat, next);
    }
    throw new IllegalArgumentException("a rule in a regular text: " + node);
  }

  private int repeat(Node.Repeat repeat, int next) {
    int state = next;
    if (repeat.max() == Node.UNBOUNDED) {
      int again = add(NOTHING_READ, next, next);
      targets[again][1] = compile(repeat.body(), again);
      state = again;
    } else {
      for (int i = repeat.max(); i > repeat.min(); i--) {
        state = add(NOTHING_READ, compile(repeat.body(), state), next);
      }
    }
    for (int i = 0; i < repeat.min(); i++) {
      state = compile(repeat.body(), state);
    }
    return state;
  }

  /** States that read something or accept, in ascending order: identity of a set of states. */
  private static final class States {
    private final int[] numbers;

    States(int[] numbers) {
      this.numbers = numbers;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof States states && Arrays.equals(numbers, states.numbers);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(numbers);
    }
  }

  private States closure(int[] from, int count) {
    search++;
    int[] open = Arrays.copyOf(from, Math.max(16, count));
    int waiting = count;
    int[] found = new int[16];
    int used = 0;
    while (waiting > 0) {
      int state = open[--waiting];
      if (reached[state] == search) {
        continue;
      }
      reached[state] = search;
      if (state == ACCEPT || reads[state] != NOTHING_READ) {
        if (used == found.length) {
          found = Arrays.copyOf(found, 2 * used);
        }
        found[used++] = state;
        continue;
      }
      budget.step(1 + targets[state].length);
      if (waiting + targets[state].length > open.length) {
        open = Arrays.copyOf(open, 2 * (waiting + targets[state].length));
      }
      for (int target : targets[state]) {
        open[waiting++] = target;
      }
    }
    int[] sorted = Arrays.copyOf(found, used);
    Arrays.sort(sorted);
    budget.step(2L * used);
    return new States(sorted);
  }

  Alphabet alphabet() {
    return alphabet;
  }

  /** The targets of the states of a deterministic automaton, by their number and class. */
  int[][] determinized(BitSet accepting) {
    reached = new int[size];
    List<BitSet> classes = sets.stream().map(alphabet::classesOf).toList();
    Map<States, Integer> numbers = new HashMap<>();
    List<States> all = new ArrayList<>();
    number(closure(new int[] {start}, 1), numbers, all);
    List<int[]> next = new ArrayList<>();
    int[] to = new int[size];
    for (int state = 0; state < all.size(); state++) {
      int[] from = all.get(state).numbers;
      accepting.set(state, from.length > 0 && from[0] == ACCEPT);
      int[] targetOf = new int[alphabet.size()];
      budget.states(alphabet.size());
      for (int number = 0; number < targetOf.length; number++) {
        int count = 0;
        for (int s : from) {
          if (reads[s] != NOTHING_READ && classes.get(reads[s]).get(number)) {
            to[count++] = targets[s][0];
          }
        }
        budget.step(2 + from.length);
        targetOf[number] = number(closure(to, count), numbers, all);
      }
      next.add(targetOf);
    }
    return next.toArray(int[][]::new);
  }

  private int number(States states, Map<States, Integer> known, List<States> all) {
    Integer number = known.get(states);
    if (number == null) {
      if (all.size() >= RegexException.MOST_STATES) {
        throw RegexException.tooLarge();
      }
      budget.states(8 + states.numbers.length);
      number = all.size();
      known.put(states, number);
      all.add(states);
    }
    return number;
  }
}

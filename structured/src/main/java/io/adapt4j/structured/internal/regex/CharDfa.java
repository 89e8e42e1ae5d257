package io.adapt4j.structured.internal.regex;

import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.grammar.Node.Rule;
import io.adapt4j.structured.internal.limit.Budget;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A deterministic automaton over characters, for texts that must satisfy several conditions. Every
 * state has a target for every class of characters; state 0 is the first. Immutable.
 */
public final class CharDfa {

  private static final int MOST_STATES = RegexException.MOST_STATES;

  private final Alphabet alphabet;

  /** The target of each state and class. */
  private final int[][] next;

  private final BitSet accepting;
  private @Nullable BitSet alive;

  CharDfa(Alphabet alphabet, int[][] next, BitSet accepting) {
    this.alphabet = alphabet;
    this.next = next;
    this.accepting = accepting;
  }

  /** Creates an automaton from a text without rules. */
  public static CharDfa of(Node node) {
    CharNfa nfa = new CharNfa(node);
    BitSet accepting = new BitSet();
    int[][] next = nfa.determinized(accepting);
    return new CharDfa(nfa.alphabet(), next, accepting);
  }

  /** Accepts the texts with a length in a range. */
  public static CharDfa ofLength(int min, int max) {
    long last = max == Node.UNBOUNDED ? min : max + 1L;
    if (last >= MOST_STATES) {
      throw RegexException.tooLarge();
    }
    int[][] next = new int[(int) last + 1][1];
    BitSet accepting = new BitSet();
    for (int length = 0; length <= last; length++) {
      next[length][0] = (int) Math.min(length + 1L, last);
      accepting.set(length, length >= min && length <= max);
    }
    Budget.current().states(2L * next.length);
    return new CharDfa(Alphabet.of(List.of()), next, accepting);
  }

  /** Accepts some fixed texts. */
  public static CharDfa ofTexts(Collection<String> texts) {
    Set<Integer> characters = new HashSet<>();
    for (String text : texts) {
      Budget.current().step(1 + text.length());
      text.codePoints().forEach(characters::add);
    }
    Alphabet alphabet =
        Alphabet.of(
            characters.stream().filter(c -> !isSurrogate(c)).sorted().map(CodePoints::of).toList());
    List<int[]> next = new ArrayList<>();
    BitSet accepting = new BitSet();
    int sink = addState(next, alphabet.size(), -1);
    int start = addState(next, alphabet.size(), sink);
    for (String text : texts) {
      if (text.codePoints().anyMatch(CharDfa::isSurrogate)) {
        continue;
      }
      int state = start;
      for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
        int number = alphabet.classOf(text.codePointAt(i));
        int target = next.get(state)[number];
        if (target == sink) {
          target = addState(next, alphabet.size(), sink);
          next.get(state)[number] = target;
        }
        state = target;
      }
      accepting.set(state);
    }
    return new CharDfa(alphabet, next.toArray(int[][]::new), accepting).beginningWith(start);
  }

  private static boolean isSurrogate(int character) {
    return character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE;
  }

  /** Adds a state whose characters all lead to another one, or to itself for -1. */
  private static int addState(List<int[]> next, int classes, int target) {
    if (next.size() >= MOST_STATES) {
      throw RegexException.tooLarge();
    }
    Budget.current().states(classes);
    int[] targets = new int[classes];
    Arrays.fill(targets, target < 0 ? next.size() : target);
    next.add(targets);
    return next.size() - 1;
  }

  /** Swaps the first state with another one. */
  private CharDfa beginningWith(int start) {
    int[] first = next[0];
    next[0] = next[start];
    next[start] = first;
    for (int[] targets : next) {
      for (int i = 0; i < targets.length; i++) {
        targets[i] = targets[i] == 0 ? start : targets[i] == start ? 0 : targets[i];
      }
    }
    boolean accepted = accepting.get(0);
    accepting.set(0, accepting.get(start));
    accepting.set(start, accepted);
    return this;
  }

  /** {@return all texts that this one does not accept} */
  public CharDfa complement() {
    BitSet others = new BitSet();
    others.set(0, next.length);
    others.andNot(accepting);
    return new CharDfa(alphabet, next, others);
  }

  /** Accepts the intersection of two automata. */
  public CharDfa and(CharDfa other) {
    Alphabet.Joined joined = alphabet.with(other.alphabet);
    int classes = joined.both.size();
    Map<Long, Integer> known = new HashMap<>();
    List<Long> pairs = new ArrayList<>();
    List<int[]> product = new ArrayList<>();
    BitSet accepted = new BitSet();
    number(other, 0, 0, known, pairs);
    for (int state = 0; state < pairs.size(); state++) {
      if (pairs.size() > MOST_STATES) {
        throw RegexException.tooLarge();
      }
      Budget.current().states(classes);
      int[] targets = new int[classes];
      long pair = pairs.get(state);
      int left = (int) (pair >> 32);
      int right = (int) pair;
      for (int i = 0; i < classes; i++) {
        targets[i] =
            left < 0
                ? state
                : number(
                    other,
                    next[left][joined.left[i]],
                    other.next[right][joined.right[i]],
                    known,
                    pairs);
      }
      product.add(targets);
      accepted.set(state, left >= 0 && accepting.get(left) && other.accepting.get(right));
    }
    return new CharDfa(joined.both, product.toArray(int[][]::new), accepted);
  }

  /** The number of a pair of states; all dead pairs share one, -1 and -1. */
  private int number(
      CharDfa other, int left, int right, Map<Long, Integer> known, List<Long> pairs) {
    boolean lives = alive().get(left) && other.alive().get(right);
    long pair = lives ? (long) left << 32 | right : -1;
    Integer number = known.get(pair);
    if (number == null) {
      number = pairs.size();
      known.put(pair, number);
      pairs.add(pair);
    }
    return number;
  }

  /** Returns whether this automaton and another one accept a common text. */
  public boolean meets(CharDfa other) {
    Alphabet.Joined joined = alphabet.with(other.alphabet);
    Set<Long> seen = new HashSet<>(List.of(0L));
    Deque<Long> open = new ArrayDeque<>(List.of(0L));
    while (!open.isEmpty()) {
      long pair = open.pop();
      int left = (int) (pair >> 32);
      int right = (int) pair;
      if (!alive().get(left) || !other.alive().get(right)) {
        continue;
      }
      if (accepting.get(left) && other.accepting.get(right)) {
        return true;
      }
      Budget.current().step(4L * joined.both.size());
      for (int i = 0; i < joined.both.size(); i++) {
        long to = (long) next[left][joined.left[i]] << 32 | other.next[right][joined.right[i]];
        if (seen.add(to)) {
          open.push(to);
        }
      }
    }
    return false;
  }

  /** Returns whether a text is accepted. */
  public boolean accepts(String text) {
    Budget.current().step(1 + text.length());
    int state = 0;
    for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
      int character = text.codePointAt(i);
      if (isSurrogate(character)) {
        return false;
      }
      state = next[state][alphabet.classOf(character)];
    }
    return accepting.get(state);
  }

  /** {@return whether no text is accepted} */
  public boolean isEmpty() {
    return !alive().get(0);
  }

  /** The states from which an accepting one can be reached. */
  private BitSet alive() {
    BitSet known = alive;
    if (known == null) {
      known = findAlive();
      alive = known;
    }
    return known;
  }

  private BitSet findAlive() {
    int[] counts = new int[next.length + 1];
    for (int[] targets : next) {
      Budget.current().step(targets.length);
      for (int target : targets) {
        counts[target + 1]++;
      }
    }
    for (int i = 0; i < next.length; i++) {
      counts[i + 1] += counts[i];
    }
    int[] places = Arrays.copyOf(counts, next.length);
    int[] sources = new int[counts[next.length]];
    for (int state = 0; state < next.length; state++) {
      for (int target : next[state]) {
        sources[places[target]++] = state;
      }
    }
    BitSet found = new BitSet();
    Deque<Integer> open = new ArrayDeque<>(accepting.stream().boxed().toList());
    while (!open.isEmpty()) {
      int state = open.pop();
      if (found.get(state)) {
        continue;
      }
      found.set(state);
      for (int i = counts[state]; i < counts[state + 1]; i++) {
        if (!found.get(sources[i])) {
          open.push(sources[i]);
        }
      }
    }
    return found;
  }

  /** Converts the automaton to rules. */
  public Node toNode(String name) {
    if (isEmpty()) {
      return Node.NOTHING;
    }
    Map<BitSet, CodePoints> sets = new HashMap<>();
    List<Rule> rules = new ArrayList<>();
    for (int state = 0; state < next.length; state++) {
      rules.add(new Rule(name));
    }
    for (int state = 0; state < next.length; state++) {
      Map<Integer, BitSet> byTarget = new LinkedHashMap<>();
      for (int i = 0; i < next[state].length; i++) {
        if (alive().get(next[state][i])) {
          byTarget.computeIfAbsent(next[state][i], unknown -> new BitSet()).set(i);
        }
      }
      List<Node> choices = new ArrayList<>();
      byTarget.forEach(
          (target, classes) ->
              choices.add(
                  Node.sequence(
                      new Node.Characters(sets.computeIfAbsent(classes, alphabet::characters)),
                      rules.get(target).reference())));
      Budget.current().states(8L + 8L * choices.size());
      if (accepting.get(state)) {
        choices.add(Node.EMPTY);
      }
      rules.get(state).define(Node.alternatives(choices));
    }
    return rules.get(0).reference();
  }
}

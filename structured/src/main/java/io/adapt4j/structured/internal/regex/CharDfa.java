package io.adapt4j.structured.internal.regex;

import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.grammar.Rule;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A deterministic automaton over characters, for texts that several conditions hold for. Every
 * state has a target for every character; state 0 is the first. Immutable.
 */
public final class CharDfa {

  private static final int MOST_STATES = 20_000;

  /** Characters that lead to a state. */
  record Edge(CodePoints set, int target) {}

  private final List<List<Edge>> edges;
  private final BitSet accepting;

  CharDfa(List<List<Edge>> edges, BitSet accepting) {
    this.edges = edges;
    this.accepting = accepting;
  }

  /**
   * Makes an automaton of a text without rules.
   *
   * @param node the text
   * @return the automaton
   * @throws RegexException if it is too large
   */
  public static CharDfa of(Node node) {
    return new CharNfa(node).determinized();
  }

  /**
   * Returns the texts of some lengths.
   *
   * @param min the least number of characters
   * @param max the greatest number, or {@link Node#UNBOUNDED}
   * @return the automaton
   */
  public static CharDfa ofLength(int min, int max) {
    return of(Node.repeat(Node.ANY, min, max));
  }

  static RegexException tooLarge() {
    return new RegexException("an automaton of more than " + MOST_STATES + " states is needed");
  }

  static int mostStates() {
    return MOST_STATES;
  }

  /** {@return all texts that this one does not accept} */
  public CharDfa complement() {
    BitSet others = new BitSet();
    others.set(0, edges.size());
    others.andNot(accepting);
    return new CharDfa(edges, others);
  }

  /**
   * Returns the texts that two automata accept.
   *
   * @param other the other automaton
   * @return the intersection
   * @throws RegexException if it is too large
   */
  public CharDfa and(CharDfa other) {
    Map<Long, Integer> known = new HashMap<>();
    List<Long> pairs = new ArrayList<>(List.of(0L));
    known.put(0L, 0);
    List<List<Edge>> product = new ArrayList<>();
    BitSet accepted = new BitSet();
    for (int state = 0; state < pairs.size(); state++) {
      if (pairs.size() > MOST_STATES) {
        throw tooLarge();
      }
      int left = (int) (pairs.get(state) >> 32);
      int right = (int) (long) pairs.get(state);
      Map<Integer, CodePoints> targets = new LinkedHashMap<>();
      for (Edge first : edges.get(left)) {
        for (Edge second : other.edges.get(right)) {
          CodePoints both = first.set().and(second.set());
          if (!both.isEmpty()) {
            long pair = ((long) first.target() << 32) | second.target();
            int target =
                known.computeIfAbsent(
                    pair,
                    unknown -> {
                      pairs.add(unknown);
                      return pairs.size() - 1;
                    });
            targets.merge(target, both, CodePoints::or);
          }
        }
      }
      product.add(edges(targets));
      accepted.set(state, accepting.get(left) && other.accepting.get(right));
    }
    return new CharDfa(product, accepted);
  }

  static List<Edge> edges(Map<Integer, CodePoints> targets) {
    return targets.entrySet().stream().map(e -> new Edge(e.getValue(), e.getKey())).toList();
  }

  /**
   * Returns whether a text is accepted.
   *
   * @param text the text
   * @return whether it is
   */
  public boolean accepts(String text) {
    int state = 0;
    for (int character : text.codePoints().toArray()) {
      int from = state;
      state =
          edges.get(from).stream()
              .filter(edge -> edge.set().contains(character))
              .mapToInt(Edge::target)
              .findFirst()
              .orElse(-1);
      if (state < 0) {
        return false;
      }
    }
    return accepting.get(state);
  }

  /** {@return whether no text is accepted} */
  public boolean isEmpty() {
    return !alive().get(0);
  }

  /** The states from which an accepting one can be reached. */
  private BitSet alive() {
    List<List<Integer>> sources = new ArrayList<>();
    edges.forEach(state -> sources.add(new ArrayList<>()));
    for (int state = 0; state < edges.size(); state++) {
      for (Edge edge : edges.get(state)) {
        sources.get(edge.target()).add(state);
      }
    }
    BitSet alive = new BitSet();
    Deque<Integer> open = new ArrayDeque<>(accepting.stream().boxed().toList());
    while (!open.isEmpty()) {
      int state = open.pop();
      if (!alive.get(state)) {
        alive.set(state);
        open.addAll(sources.get(state));
      }
    }
    return alive;
  }

  /**
   * Turns the automaton into rules.
   *
   * @param name of the rules
   * @return the texts that are accepted
   */
  public Node toNode(String name) {
    BitSet alive = alive();
    if (!alive.get(0)) {
      return Node.NOTHING;
    }
    List<Rule> rules = new ArrayList<>();
    for (int state = 0; state < edges.size(); state++) {
      rules.add(new Rule(name + "#" + state));
    }
    for (int state = 0; state < edges.size(); state++) {
      List<Node> choices = new ArrayList<>();
      for (Edge edge : edges.get(state)) {
        if (alive.get(edge.target())) {
          choices.add(
              Node.sequence(new Node.Characters(edge.set()), rules.get(edge.target()).reference()));
        }
      }
      if (accepting.get(state)) {
        choices.add(Node.EMPTY);
      }
      rules.get(state).define(Node.alternatives(choices));
    }
    return rules.get(0).reference();
  }

  /** Divides sets into ranges that none of them cuts. */
  static List<int[]> atoms(List<CodePoints> sets) {
    TreeSet<Integer> cuts = new TreeSet<>(List.of(0));
    for (CodePoints set : sets) {
      for (int range = 0; range < set.rangeCount(); range++) {
        cuts.add(set.first(range));
        cuts.add(set.last(range) + 1);
      }
    }
    cuts.add(CodePoints.LAST + 1);
    List<Integer> sorted = List.copyOf(cuts);
    List<int[]> atoms = new ArrayList<>();
    for (int i = 0; i + 1 < sorted.size(); i++) {
      atoms.add(new int[] {sorted.get(i), sorted.get(i + 1) - 1});
    }
    return atoms;
  }
}

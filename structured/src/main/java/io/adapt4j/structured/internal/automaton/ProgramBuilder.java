package io.adapt4j.structured.internal.automaton;

import io.adapt4j.structured.internal.automaton.Program.Kind;
import io.adapt4j.structured.internal.grammar.Analysis;
import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.grammar.GrammarException;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.grammar.Node.Rule;
import io.adapt4j.structured.internal.limit.Budget;
import io.adapt4j.structured.internal.limit.TooLargeException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compiles a grammar to an automaton. Parts without any text are dropped, so that no answer gets
 * stuck.
 */
final class ProgramBuilder {

  /** Maximum number of repetitions of a single character that are unrolled. */
  private static final int UNROLLED = 4;

  /** Maximum number of ranges of a set whose states are inlined at each use. */
  private static final int SMALL_SET = 3;

  private final Budget budget = Budget.current();
  private final Program program = new Program();
  private final Analysis analysis;

  /** Start state of each rule: a split whose target is known once the rule is compiled. */
  private final Map<Rule, Integer> starts = new HashMap<>();

  /** Start state of each large set. */
  private final Map<CodePoints, Integer> sets = new HashMap<>();

  private final Deque<Map.Entry<Rule, Integer>> open = new ArrayDeque<>();

  private ProgramBuilder(Node root) {
    analysis = new Analysis(root);
  }

  /** Builds an automaton. */
  static Program build(Node root) {
    ProgramBuilder builder = new ProgramBuilder(root);
    if (!builder.analysis.hasText(root)) {
      throw new GrammarException("no text fulfills the constraint");
    }
    int start = builder.compile(root, Program.RETURN);
    while (!builder.open.isEmpty()) {
      Map.Entry<Rule, Integer> rule = builder.open.pop();
      try {
        int body = builder.compile(rule.getKey().body(), Program.RETURN);
        builder.program.set(rule.getValue(), body);
      } catch (TooLargeException e) {
        throw new TooLargeException(rule.getKey().name() + ": " + e.getMessage());
      }
    }
    return builder.program.begin(start);
  }

  private int compile(Node node, int next) {
    budget.step(1);
    if (node instanceof Node.Literal literal) {
      return literal(literal.bytes(), next);
    }
    if (node instanceof Node.Characters characters) {
      return characters(characters.set(), next);
    }
    if (node instanceof Node.Sequence sequence) {
      int state = next;
      for (int i = sequence.parts().size() - 1; i >= 0; i--) {
        state = compile(sequence.parts().get(i), state);
      }
      return state;
    }
    if (node instanceof Node.Alternatives alternatives) {
      return alternatives(alternatives.choices(), next);
    }
    if (node instanceof Node.Repeat repeat) {
      return repeat(repeat, next);
    }
    Rule rule = ((Node.Reference) node).rule();
    Integer known = starts.get(rule);
    if (known == null) {
      known = program.add(Kind.SPLIT);
      starts.put(rule, known);
      open.push(Map.entry(rule, known));
    }
    return next == Program.RETURN ? known : program.add(Kind.CALL, known, next);
  }

  /** Fixed texts among the choices share an automaton, which keeps many of them cheap. */
  private int alternatives(List<Node> choices, int next) {
    List<byte[]> literals = new ArrayList<>();
    Set<Integer> targets = new LinkedHashSet<>();
    for (Node choice : choices) {
      if (choice instanceof Node.Literal literal) {
        literals.add(literal.bytes());
      } else if (analysis.hasText(choice)) {
        targets.add(compile(choice, next));
      }
    }
    if (!literals.isEmpty()) {
      targets.add(LiteralsBuilder.add(program, literals, next));
    }
    return split(List.copyOf(targets));
  }

  private int split(List<Integer> targets) {
    return targets.size() == 1
        ? targets.get(0)
        : program.add(Kind.SPLIT, targets.stream().mapToInt(Integer::intValue).toArray());
  }

  private int literal(byte[] bytes, int next) {
    int state = next;
    for (int i = bytes.length - 1; i >= 0; i--) {
      state = program.addByte(bytes[i] & 0xFF, state);
    }
    return state;
  }

  private int repeat(Node.Repeat repeat, int next) {
    Node body = repeat.body();
    int min = repeat.min();
    int max = repeat.max();
    if (!analysis.hasText(body)) {
      return next;
    }
    boolean nullable = analysis.mayBeEmpty(body);
    if (nullable) {
      min = 0;
    }
    if (max == Node.UNBOUNDED && min <= 1) {
      int again = program.add(Kind.SPLIT);
      int first = compile(body, again);
      program.set(again, first, next);
      return min == 0 ? again : first;
    }
    boolean small = body instanceof Node.Characters || body instanceof Node.Literal;
    if (max == 1 || nullable || (small && max <= UNROLLED)) {
      return unrolled(body, min, max, next);
    }
    int loop = program.add(Kind.LOOP);
    program.set(loop, compile(body, Program.RETURN), next, min, max);
    return loop;
  }

  private int unrolled(Node body, int min, int max, int next) {
    int state = next;
    for (int i = max; i > 0; i--) {
      int once = compile(body, state);
      state = i > min ? split(List.of(once, next)) : once;
    }
    return state;
  }

  /**
   * The UTF-8 of a set: a state for its first bytes, and states for the bytes after them. Large
   * sets, such as all letters, are compiled once and called.
   */
  private int characters(CodePoints set, int next) {
    if (set.rangeCount() <= SMALL_SET) {
      return bytes(set, next);
    }
    Integer known = sets.get(set);
    if (known == null) {
      known = bytes(set, Program.RETURN);
      sets.put(set, known);
    }
    return next == Program.RETURN ? known : program.add(Kind.CALL, known, next);
  }

  private int bytes(CodePoints set, int next) {
    List<int[]> sequences = new ArrayList<>();
    for (int range = 0; range < set.rangeCount(); range++) {
      Utf8Ranges.add(set.first(range), set.last(range), sequences);
    }
    budget.step(8L * sequences.size());
    return bytes(sequences, 0, next, new HashMap<>());
  }

  private int bytes(
      List<int[]> sequences, int place, int next, Map<List<List<Integer>>, Integer> known) {
    List<List<Integer>> key = new ArrayList<>();
    for (int[] sequence : sequences) {
      List<Integer> rest = new ArrayList<>();
      for (int i = 2 * place; i < sequence.length; i++) {
        rest.add(sequence[i]);
      }
      key.add(rest);
    }
    Integer state = known.get(key);
    if (state != null) {
      return state;
    }
    List<Integer> ranges = new ArrayList<>();
    int from = 0;
    while (from < sequences.size()) {
      int[] first = sequences.get(from);
      int to = from + 1;
      while (to < sequences.size()
          && sequences.get(to)[2 * place] == first[2 * place]
          && sequences.get(to)[2 * place + 1] == first[2 * place + 1]) {
        to++;
      }
      boolean last = first.length == 2 * place + 2;
      int target = last ? next : bytes(sequences.subList(from, to), place + 1, next, known);
      Collections.addAll(ranges, first[2 * place], first[2 * place + 1], target);
      from = to;
    }
    int made = program.add(Kind.BYTES, ranges.stream().mapToInt(Integer::intValue).toArray());
    known.put(key, made);
    return made;
  }
}

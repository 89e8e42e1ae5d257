package io.adapt4j.structured.internal.automaton;

import io.adapt4j.structured.internal.automaton.Program.Kind;
import io.adapt4j.structured.internal.grammar.Analysis;
import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.grammar.GrammarException;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.grammar.Rule;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes an automaton of a grammar. What has no text is left out, so that no answer gets stuck. */
final class ProgramBuilder {

  /** Repetitions of a single character up to so many times are written out. */
  private static final int UNROLLED = 4;

  private final Program program = new Program();
  private final Analysis analysis;

  /** The state in which a rule begins: a split whose target is known once the rule is compiled. */
  private final Map<Rule, Integer> starts = new HashMap<>();

  private final Deque<Map.Entry<Rule, Integer>> open = new ArrayDeque<>();

  private ProgramBuilder(Node root) {
    analysis = new Analysis(root);
  }

  /**
   * Builds an automaton.
   *
   * @param root what it accepts
   * @return the automaton
   * @throws GrammarException if there is no text, or a rule begins with itself
   * @throws TooLargeException if there are too many states
   */
  static Program build(Node root) {
    ProgramBuilder builder = new ProgramBuilder(root);
    if (!builder.analysis.hasText(root)) {
      throw new GrammarException("no text fulfills the constraint");
    }
    int start = builder.compile(root, Program.RETURN);
    while (!builder.open.isEmpty()) {
      Map.Entry<Rule, Integer> rule = builder.open.pop();
      int body = builder.compile(rule.getKey().body(), Program.RETURN);
      builder.program.set(rule.getValue(), body);
    }
    return builder.program.begin(start);
  }

  private int compile(Node node, int next) {
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
      return split(
          alternatives.choices().stream()
              .filter(analysis::hasText)
              .map(choice -> compile(choice, next))
              .distinct()
              .toList());
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

  private int split(List<Integer> targets) {
    return targets.size() == 1
        ? targets.get(0)
        : program.add(Kind.SPLIT, targets.stream().mapToInt(Integer::intValue).toArray());
  }

  private int literal(byte[] bytes, int next) {
    int state = next;
    for (int i = bytes.length - 1; i >= 0; i--) {
      int value = bytes[i] & 0xFF;
      state = program.add(Kind.BYTES, value, value, state);
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

  /** The UTF-8 of a set: a state for its first bytes, and states for the bytes after them. */
  private int characters(CodePoints set, int next) {
    List<int[]> sequences = new ArrayList<>();
    for (int range = 0; range < set.rangeCount(); range++) {
      Utf8Ranges.add(set.first(range), set.last(range), sequences);
    }
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

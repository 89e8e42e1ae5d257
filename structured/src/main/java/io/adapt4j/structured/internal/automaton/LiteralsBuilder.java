package io.adapt4j.structured.internal.automaton;

import io.adapt4j.structured.internal.automaton.Program.Kind;
import io.adapt4j.structured.internal.limit.Budget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A choice of many fixed texts as the minimal deterministic automaton, built from the sorted texts
 * (Daciuk, Mihov, Watson and Watson 2000): common prefixes and suffixes are shared.
 */
final class LiteralsBuilder {

  /** A state to which texts with its prefix can still be added: edges in ascending order. */
  private static final class Open {
    private int[] edges = new int[4];
    private int count;
    private boolean complete;

    void reset() {
      count = 0;
      complete = false;
    }

    void add(int value) {
      if (count + 2 > edges.length) {
        edges = Arrays.copyOf(edges, 2 * edges.length);
      }
      edges[count] = value;
      count += 2;
    }
  }

  private final Program program;
  private final int next;
  private final List<Open> path = new ArrayList<>();
  private final Map<Long, Integer> singles = new HashMap<>();
  private final Map<List<Integer>, Integer> several = new HashMap<>();
  private final Map<Integer, Integer> complete = new HashMap<>();

  private LiteralsBuilder(Program program, int next) {
    this.program = program;
    this.next = next;
  }

  /** Adds states that read one of the texts and continue in a state; returns the first one. */
  static int add(Program program, Collection<byte[]> texts, int next) {
    List<byte[]> sorted = new ArrayList<>(texts);
    sorted.sort(Arrays::compareUnsigned);
    return new LiteralsBuilder(program, next).build(sorted);
  }

  private int build(List<byte[]> sorted) {
    Budget budget = Budget.current();
    byte[] before = {};
    open(0);
    for (byte[] text : sorted) {
      int mismatch = Arrays.mismatch(before, text);
      int common = mismatch < 0 ? text.length : mismatch;
      close(before.length, common);
      for (int depth = common; depth < text.length; depth++) {
        path.get(depth).add(text[depth] & 0xFF);
        open(depth + 1);
      }
      path.get(text.length).complete = true;
      budget.step(8 + 4L * (text.length - common));
      before = text;
    }
    close(before.length, 0);
    return state(path.get(0));
  }

  private void open(int depth) {
    if (depth == path.size()) {
      path.add(new Open());
    }
    path.get(depth).reset();
  }

  /** Completes the states beyond a depth, which no further text shares. */
  private void close(int from, int to) {
    for (int depth = from; depth > to; depth--) {
      Open above = path.get(depth - 1);
      above.edges[above.count - 1] = state(path.get(depth));
    }
  }

  private int state(Open open) {
    if (open.count == 0) {
      return next;
    }
    int reading =
        open.count == 2
            ? singles.computeIfAbsent(
                (long) open.edges[0] << 32 | open.edges[1],
                unknown -> program.addByte(open.edges[0], open.edges[1]))
            : several(open);
    return open.complete
        ? complete.computeIfAbsent(reading, unknown -> program.add(Kind.SPLIT, next, reading))
        : reading;
  }

  private int several(Open open) {
    List<Integer> ranges = new ArrayList<>();
    for (int i = 0; i < open.count; i += 2) {
      int last = ranges.size() - 1;
      boolean joins =
          last > 0
              && ranges.get(last) == open.edges[i + 1]
              && ranges.get(last - 1) == open.edges[i] - 1;
      if (joins) {
        ranges.set(last - 1, open.edges[i]);
      } else {
        ranges.add(open.edges[i]);
        ranges.add(open.edges[i]);
        ranges.add(open.edges[i + 1]);
      }
    }
    return several.computeIfAbsent(
        ranges,
        unknown -> program.add(Kind.BYTES, ranges.stream().mapToInt(Integer::intValue).toArray()));
  }
}

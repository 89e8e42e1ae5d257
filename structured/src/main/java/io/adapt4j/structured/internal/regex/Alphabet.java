package io.adapt4j.structured.internal.regex;

import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.limit.Budget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Classes of characters that an automaton does not distinguish; every character is in one. */
final class Alphabet {

  private static final int FIRST_SURROGATE = 0xD800;
  private static final int AFTER_SURROGATES = 0xE000;

  /** Start of each interval, in ascending order; the first one is 0. */
  private final int[] firsts;

  /** The class of each interval. */
  private final int[] classes;

  private final int size;

  private Alphabet(int[] firsts, int[] classes, int size) {
    this.firsts = firsts;
    this.classes = classes;
    this.size = size;
  }

  /**
   * The common refinement of two alphabets: for each of its classes, the classes that contain it.
   */
  static final class Joined {
    final Alphabet both;
    final int[] left;
    final int[] right;

    private Joined(Alphabet both, int[] left, int[] right) {
      this.both = both;
      this.left = left;
      this.right = right;
    }
  }

  /** Returns the coarsest alphabet in which each of some sets is a union of classes. */
  static Alphabet of(List<CodePoints> sets) {
    Map<Integer, BitSet> changes = new TreeMap<>();
    changes.put(0, new BitSet());
    for (int i = 0; i < sets.size(); i++) {
      CodePoints set = sets.get(i);
      Budget.current().step(4L * set.rangeCount());
      for (int range = 0; range < set.rangeCount(); range++) {
        change(changes, set.first(range), i);
        change(changes, set.last(range) + 1, i);
      }
    }
    Map<BitSet, Integer> known = new HashMap<>();
    int[] firsts = new int[changes.size()];
    int[] classes = new int[changes.size()];
    int count = 0;
    BitSet in = new BitSet();
    for (Map.Entry<Integer, BitSet> change : changes.entrySet()) {
      in.xor(change.getValue());
      Budget.current().step(4 + sets.size() / 16);
      firsts[count] = change.getKey();
      Integer number = known.get(in);
      if (number == null) {
        number = known.size();
        known.put((BitSet) in.clone(), number);
      }
      classes[count++] = number;
    }
    return new Alphabet(firsts, classes, known.size());
  }

  /** No class consists of surrogates only: they belong to the characters before them. */
  private static void change(Map<Integer, BitSet> changes, int at, int set) {
    int place = at == FIRST_SURROGATE ? AFTER_SURROGATES : at;
    if (place <= CodePoints.LAST) {
      changes.computeIfAbsent(place, unknown -> new BitSet()).flip(set);
    }
  }

  int size() {
    return size;
  }

  int classOf(int character) {
    int place = Arrays.binarySearch(firsts, character);
    return classes[place >= 0 ? place : -place - 2];
  }

  /** The classes whose characters are in a set. */
  BitSet classesOf(CodePoints set) {
    BitSet found = new BitSet();
    for (int range = 0; range < set.rangeCount(); range++) {
      int place = Arrays.binarySearch(firsts, set.first(range));
      int i = place >= 0 ? place : -place - 2;
      while (i < firsts.length && firsts[i] <= set.last(range)) {
        found.set(classes[i++]);
      }
    }
    return found;
  }

  /** The characters of classes. */
  CodePoints characters(BitSet of) {
    List<int[]> ranges = new ArrayList<>();
    for (int i = 0; i < firsts.length; i++) {
      if (of.get(classes[i])) {
        ranges.add(
            new int[] {firsts[i], i + 1 < firsts.length ? firsts[i + 1] - 1 : CodePoints.LAST});
      }
    }
    Budget.current().step(4L * firsts.length);
    return CodePoints.ofRanges(ranges);
  }

  /** Computes the common refinement with another alphabet. */
  Joined with(Alphabet other) {
    Budget.current().step(8L * (firsts.length + other.firsts.length));
    Map<Long, Integer> known = new HashMap<>();
    List<Integer> starts = new ArrayList<>();
    List<Integer> numbers = new ArrayList<>();
    int i = 0;
    int j = 0;
    int at = 0;
    while (at <= CodePoints.LAST) {
      long pair = (long) classes[i] << 32 | other.classes[j];
      starts.add(at);
      numbers.add(known.computeIfAbsent(pair, unknown -> known.size()));
      int nextLeft = i + 1 < firsts.length ? firsts[i + 1] : CodePoints.LAST + 1;
      int nextRight = j + 1 < other.firsts.length ? other.firsts[j + 1] : CodePoints.LAST + 1;
      at = Math.min(nextLeft, nextRight);
      i += at == nextLeft ? 1 : 0;
      j += at == nextRight ? 1 : 0;
    }
    int[] left = new int[known.size()];
    int[] right = new int[known.size()];
    known.forEach(
        (pair, number) -> {
          left[number] = (int) (pair >> 32);
          right[number] = (int) (long) pair;
        });
    return new Joined(
        new Alphabet(
            starts.stream().mapToInt(Integer::intValue).toArray(),
            numbers.stream().mapToInt(Integer::intValue).toArray(),
            known.size()),
        left,
        right);
  }
}

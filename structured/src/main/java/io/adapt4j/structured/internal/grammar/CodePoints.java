package io.adapt4j.structured.internal.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A set of Unicode characters without surrogates, as ascending ranges. Immutable. */
public final class CodePoints {

  /** The last character. */
  public static final int LAST = 0x10FFFF;

  private static final int FIRST_SURROGATE = 0xD800;
  private static final int LAST_SURROGATE = 0xDFFF;

  /** Every character. */
  public static final CodePoints ALL = of(0, LAST);

  /** No character. */
  public static final CodePoints NONE = new CodePoints(new int[0]);

  /** First and last of each range. */
  private final int[] ranges;

  private CodePoints(int[] ranges) {
    this.ranges = ranges;
  }

  /** Returns a range. */
  public static CodePoints of(int first, int last) {
    return ofRanges(List.of(new int[] {first, last}));
  }

  /** Returns one character. */
  public static CodePoints of(int character) {
    return of(character, character);
  }

  /** Returns some characters. */
  public static CodePoints ofAll(String characters) {
    return ofRanges(
        characters.codePoints().mapToObj(character -> new int[] {character, character}).toList());
  }

  /** Joins ranges. */
  public static CodePoints ofRanges(List<int[]> ranges) {
    List<int[]> sorted = new ArrayList<>();
    for (int[] range : ranges) {
      addWithoutSurrogates(sorted, range[0], range[1]);
    }
    sorted.sort((a, b) -> Integer.compare(a[0], b[0]));
    int[] joined = new int[2 * sorted.size()];
    int length = 0;
    for (int[] range : sorted) {
      if (length > 0 && follows(joined[length - 1], range[0])) {
        joined[length - 1] = Math.max(joined[length - 1], range[1]);
      } else {
        joined[length++] = range[0];
        joined[length++] = range[1];
      }
    }
    return new CodePoints(Arrays.copyOf(joined, length));
  }

  private static boolean follows(int last, int first) {
    return first <= last + 1 || (last == FIRST_SURROGATE - 1 && first == LAST_SURROGATE + 1);
  }

  private static void addWithoutSurrogates(List<int[]> to, int first, int last) {
    if (first < FIRST_SURROGATE) {
      add(to, first, Math.min(last, FIRST_SURROGATE - 1));
    }
    add(to, Math.max(first, LAST_SURROGATE + 1), last);
  }

  private static void add(List<int[]> to, int first, int last) {
    if (first <= last) {
      to.add(new int[] {first, last});
    }
  }

  /** {@return whether there is no character} */
  public boolean isEmpty() {
    return ranges.length == 0;
  }

  /** {@return whether there is one character alone} */
  public boolean isSingle() {
    return ranges.length == 2 && ranges[0] == ranges[1];
  }

  /** {@return the number of ranges} */
  public int rangeCount() {
    return ranges.length / 2;
  }

  /** Returns the start of a range. */
  public int first(int range) {
    return ranges[2 * range];
  }

  /** Returns the end of a range. */
  public int last(int range) {
    return ranges[2 * range + 1];
  }

  /** Returns whether a character is in the set. */
  public boolean contains(int character) {
    int place = Arrays.binarySearch(ranges, character);
    return place >= 0 || (-place - 1) % 2 == 1;
  }

  /** {@return all other characters} */
  public CodePoints complement() {
    List<int[]> others = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < ranges.length; i += 2) {
      if (ranges[i] > from) {
        others.add(new int[] {from, ranges[i] - 1});
      }
      from = ranges[i + 1] + 1;
    }
    if (from <= LAST) {
      others.add(new int[] {from, LAST});
    }
    return ofRanges(others);
  }

  /** Returns the union with another set. */
  public CodePoints or(CodePoints other) {
    List<int[]> all = new ArrayList<>(list());
    all.addAll(other.list());
    return ofRanges(all);
  }

  /** Returns the intersection with another set. */
  public CodePoints and(CodePoints other) {
    return complement().or(other.complement()).complement();
  }

  /** Returns the difference from another set. */
  public CodePoints minus(CodePoints other) {
    return and(other.complement());
  }

  private List<int[]> list() {
    List<int[]> list = new ArrayList<>();
    for (int i = 0; i < ranges.length; i += 2) {
      list.add(new int[] {ranges[i], ranges[i + 1]});
    }
    return list;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CodePoints set && Arrays.equals(ranges, set.ranges);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(ranges);
  }
}

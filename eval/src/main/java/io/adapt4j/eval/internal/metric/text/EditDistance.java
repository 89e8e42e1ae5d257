package io.adapt4j.eval.internal.metric.text;

import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Edit distance: the minimum number of insertions, deletions and replacements that turn one
 * sequence into another (Levenshtein 1966, "Binary codes capable of correcting deletions,
 * insertions, and reversals"). Texts are compared by Unicode code points. Time grows with the
 * product of the lengths, memory with one of them.
 */
public final class EditDistance {

  private EditDistance() {}

  /** Returns the distance of two texts. */
  public static int between(String some, String other) {
    return between(characters(some), characters(other));
  }

  /** Returns the distance of two sequences. */
  public static int between(List<?> some, List<?> other) {
    int[] above = IntStream.rangeClosed(0, other.size()).toArray();
    int[] row = new int[above.length];
    for (int i = 0; i < some.size(); i++) {
      Object element = some.get(i);
      IntPredicate same = j -> element.equals(other.get(j));
      fill(row, above, i, same);
      int[] done = row;
      row = above;
      above = done;
    }
    return above[other.size()];
  }

  private static void fill(int[] row, int[] above, int i, IntPredicate same) {
    row[0] = i + 1;
    for (int j = 1; j < row.length; j++) {
      int replaced = above[j - 1] + (same.test(j - 1) ? 0 : 1);
      row[j] = Math.min(replaced, 1 + Math.min(above[j], row[j - 1]));
    }
  }

  /** Returns the distance as a share of the longer text. */
  public static double normalized(String some, String other) {
    int longer = Math.max(characters(some).size(), characters(other).size());
    return longer == 0 ? 0 : (double) between(some, other) / longer;
  }

  static List<Integer> characters(String text) {
    return text.codePoints().boxed().toList();
  }
}

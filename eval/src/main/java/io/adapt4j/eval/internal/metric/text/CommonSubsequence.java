package io.adapt4j.eval.internal.metric.text;

import java.util.BitSet;
import java.util.List;

/** Longest common subsequences of words. */
public final class CommonSubsequence {

  private CommonSubsequence() {}

  public static int length(List<String> some, List<String> others) {
    int[] before = new int[others.size() + 1];
    for (String word : some) {
      int[] row = new int[before.length];
      for (int j = 1; j < row.length; j++) {
        row[j] =
            word.equals(others.get(j - 1)) ? before[j - 1] + 1 : Math.max(before[j], row[j - 1]);
      }
      before = row;
    }
    return before[others.size()];
  }

  /** Marks the reference's words of a longest subsequence, the one that rouge_score finds. */
  public static void mark(List<String> reference, List<String> candidate, BitSet marks) {
    int[][] table = table(reference, candidate);
    int i = reference.size();
    int j = candidate.size();
    while (i > 0 && j > 0) {
      if (reference.get(i - 1).equals(candidate.get(j - 1))) {
        marks.set(i - 1);
        i--;
        j--;
      } else if (table[i][j - 1] > table[i - 1][j]) {
        j--;
      } else {
        i--;
      }
    }
  }

  private static int[][] table(List<String> some, List<String> others) {
    int[][] table = new int[some.size() + 1][others.size() + 1];
    for (int i = 1; i <= some.size(); i++) {
      for (int j = 1; j <= others.size(); j++) {
        table[i][j] =
            some.get(i - 1).equals(others.get(j - 1))
                ? table[i - 1][j - 1] + 1
                : Math.max(table[i - 1][j], table[i][j - 1]);
      }
    }
    return table;
  }
}

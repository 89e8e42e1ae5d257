package io.adapt4j.core.internal.describe;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the known word that was probably meant. */
public final class Nearest {

  private Nearest() {}

  /**
   * Returns the known word with the smallest edit distance, if it is at most a third of the word's
   * letters, or two; case, hyphens and underscores are ignored.
   */
  public static Optional<String> to(String word, Collection<String> known) {
    String plain = plain(word);
    int limit = Math.max(2, plain.length() / 3);
    return known.stream()
        .filter(text -> edits(plain, plain(text)) <= limit)
        .min(
            Comparator.<String>comparingInt(text -> edits(plain, plain(text)))
                .thenComparing(Comparator.naturalOrder()));
  }

  private static String plain(String word) {
    return word.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "");
  }

  /**
   * Returns the Damerau-Levenshtein distance: letters to insert, delete or replace, or neighbors to
   * swap.
   */
  public static int edits(String from, String to) {
    int[][] cost = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      for (int j = 0; j <= to.length(); j++) {
        cost[i][j] = i == 0 || j == 0 ? i + j : cheapest(cost, from, to, i, j);
      }
    }
    return cost[from.length()][to.length()];
  }

  private static int cheapest(int[][] cost, String from, String to, int i, int j) {
    int replaced = cost[i - 1][j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
    int least = Math.min(replaced, 1 + Math.min(cost[i - 1][j], cost[i][j - 1]));
    boolean swapped =
        i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1);
    return swapped ? Math.min(least, cost[i - 2][j - 2] + 1) : least;
  }
}

package io.adapt4j.core.internal;

/**
 * Jaccard similarity of texts over their sets of character 5-grams, in lower case and restricted to
 * letters and digits. Thresholds of data checks and cleaning refer to this measure.
 */
public final class TextSimilarity {

  private static final int PIECE = 5;

  private TextSimilarity() {}

  /** Returns the similarity of two texts, from 0 to 1. */
  public static double of(String a, String b) {
    if (Words.normalized(a).isEmpty() || Words.normalized(b).isEmpty()) {
      return a.equals(b) ? 1 : 0;
    }
    return Words.jaccard(Words.shingles(a, PIECE), Words.shingles(b, PIECE));
  }

  /** Returns whether two texts have the same letters and digits in the same words. */
  public static boolean same(String a, String b) {
    String words = Words.normalized(a);
    return words.isEmpty() ? a.equals(b) : words.equals(Words.normalized(b));
  }
}

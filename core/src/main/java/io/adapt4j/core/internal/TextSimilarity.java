package io.adapt4j.core.internal;

/**
 * How alike two texts are: the Jaccard similarity of their sets of pieces of five characters, in
 * lower case and without what is neither letter nor digit. It is the measure that checks and
 * cleaning of data take thresholds of.
 */
public final class TextSimilarity {

  private static final int PIECE = 5;

  private TextSimilarity() {}

  /** Compares two texts. */
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

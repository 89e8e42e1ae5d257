package io.adapt4j.rag.spi;

/** How two ranked lists of hits become one. */
public sealed interface Fusion {

  /**
   * Reciprocal rank fusion (Cormack, Clarke and Buettcher 2009): the sum of 1 / (k + rank).
   *
   * @param k 60 in the paper
   * @param vectorWeight what the rank by vector counts, from 0 to 1; that by words the rest. 0.5 is
   *     the paper's
   */
  record ReciprocalRank(double k, double vectorWeight) implements Fusion {}

  /**
   * A weighted sum of scores, each list's brought to 0 to 1 by its smallest and largest.
   *
   * @param vectorWeight what the score by vector counts, from 0 to 1; that by words the rest
   */
  record WeightedScores(double vectorWeight) implements Fusion {}

  /** {@return the fusion where none is given} */
  static Fusion standard() {
    return new ReciprocalRank(60, 0.5);
  }
}

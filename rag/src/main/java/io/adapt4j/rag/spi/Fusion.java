package io.adapt4j.rag.spi;

/** Method of merging two ranked lists of hits. */
public sealed interface Fusion {

  /**
   * Reciprocal rank fusion (Cormack, Clarke and Buettcher 2009): the sum of 1 / (k + rank).
   *
   * @param k 60 in the paper
   * @param vectorWeight weight of the vector rank, from 0 to 1; keywords get the rest. 0.5 in the
   *     paper
   */
  record ReciprocalRank(double k, double vectorWeight) implements Fusion {}

  /**
   * A weighted sum of scores, min-max normalized per list.
   *
   * @param vectorWeight weight of the vector score, from 0 to 1; keywords get the rest
   */
  record WeightedScores(double vectorWeight) implements Fusion {}

  /** {@return the default fusion} */
  static Fusion standard() {
    return new ReciprocalRank(60, 0.5);
  }
}

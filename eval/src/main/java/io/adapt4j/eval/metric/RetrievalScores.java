package io.adapt4j.eval.metric;

import io.adapt4j.eval.internal.metric.Cutoffs;
import java.util.Map;

/**
 * Means over queries.
 *
 * @param ndcg normalized discounted cumulative gain, by cutoff
 * @param recall share of the relevant documents among the first k, by cutoff
 * @param precision share of the first k that is relevant, by cutoff
 * @param meanAveragePrecision MAP
 * @param meanReciprocalRank MRR
 */
public record RetrievalScores(
    Map<Integer, Double> ndcg,
    Map<Integer, Double> recall,
    Map<Integer, Double> precision,
    double meanAveragePrecision,
    double meanReciprocalRank) {

  /** Copies the maps. */
  public RetrievalScores {
    ndcg = Map.copyOf(ndcg);
    recall = Map.copyOf(recall);
    precision = Map.copyOf(precision);
  }

  /**
   * Returns nDCG@k.
   *
   * @param k one of the cutoffs
   * @return from 0 to 1
   * @throws IllegalArgumentException if k is not a cutoff
   */
  public double ndcg(int k) {
    return at(ndcg, k);
  }

  /**
   * Returns recall@k.
   *
   * @return from 0 to 1
   * @throws IllegalArgumentException if k is not a cutoff
   */
  public double recall(int k) {
    return at(recall, k);
  }

  /**
   * Returns precision@k.
   *
   * @return from 0 to 1
   * @throws IllegalArgumentException if k is not a cutoff
   */
  public double precision(int k) {
    return at(precision, k);
  }

  private static double at(Map<Integer, Double> values, int k) {
    Double value = values.get(k);
    if (value == null) {
      throw Cutoffs.unknown(k, values.keySet().stream().mapToInt(c -> c).sorted().toArray());
    }
    return value;
  }
}

package io.adapt4j.eval.metric;

import java.util.List;

/**
 * A BLEU score and what it is made of.
 *
 * @param score from 0 to 100
 * @param counts matched n-grams of each order, with what smoothing added
 * @param totals n-grams of each order, with what smoothing added
 * @param precisions per cent, of each order
 * @param brevityPenalty from 0 to 1
 * @param length words of the hypotheses
 * @param referenceLength words of the references closest in length
 * @param signature how it was computed, as sacrebleu writes it
 */
public record BleuScore(
    double score,
    List<Double> counts,
    List<Double> totals,
    List<Double> precisions,
    double brevityPenalty,
    long length,
    long referenceLength,
    String signature) {

  /**
   * Copies the lists.
   *
   * @param score from 0 to 100
   * @param counts matched n-grams of each order, with what smoothing added
   * @param totals n-grams of each order, with what smoothing added
   * @param precisions per cent, of each order
   * @param brevityPenalty from 0 to 1
   * @param length words of the hypotheses
   * @param referenceLength words of the references closest in length
   * @param signature how it was computed, as sacrebleu writes it
   */
  public BleuScore {
    counts = List.copyOf(counts);
    totals = List.copyOf(totals);
    precisions = List.copyOf(precisions);
  }
}

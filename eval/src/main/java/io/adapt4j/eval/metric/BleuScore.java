package io.adapt4j.eval.metric;

import java.util.List;

/**
 * A BLEU score and its components.
 *
 * @param score from 0 to 100
 * @param counts matched n-grams of each order, including smoothing
 * @param totals n-grams of each order, including smoothing
 * @param precisions percent, for each order
 * @param brevityPenalty from 0 to 1
 * @param length words of the hypotheses
 * @param referenceLength words of the references closest in length
 * @param signature the settings, as sacrebleu writes them
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

  /** Copies the lists. */
  public BleuScore {
    counts = List.copyOf(counts);
    totals = List.copyOf(totals);
    precisions = List.copyOf(precisions);
  }
}

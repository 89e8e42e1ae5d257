package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.reinforce.LossNormalization;
import java.util.Arrays;

/** Weights of tokens in the sum of a micro-batch, by completion. */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
public record TokenWeights(double[] ofTokens, double[] ofDivergences, double ofEntropies) {

  public static TokenWeights of(
      LossNormalization normalization, int[] lengths, int most, boolean ofSequences) {
    double[] weights = normalization.weights(lengths);
    double[] ofTokens = weights;
    if (ofSequences && normalization == LossNormalization.LUSPO) {
      // The mean over a completion's tokens times its length is their sum.
      ofTokens = new double[lengths.length];
      Arrays.fill(ofTokens, 1);
    }
    double tokens = Math.max(1, Arrays.stream(lengths).sum());
    return new TokenWeights(ofTokens, weights, normalization.divisor(lengths, most) / tokens);
  }
}

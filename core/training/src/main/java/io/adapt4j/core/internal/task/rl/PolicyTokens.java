package io.adapt4j.core.internal.task.rl;

/**
 * Concatenated tokens of completions. Arrays have a number per token, or are empty if unused.
 *
 * @param lengths tokens of each completion; 0 for excluded completions
 * @param old log-probabilities when sampled, computed in training; empty if those of now
 * @param sampled log-probabilities when sampled, as the sampler had them; empty if {@code old}
 * @param importance importance weights; empty for 1
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
public record PolicyTokens(
    int[] lengths,
    TokenWeights weights,
    float[] logProbs,
    float[] entropies,
    float[] old,
    float[] sampled,
    float[] reference,
    float[] advantages,
    float[] importance) {

  private static final float[] NONE = {};

  /** Creates tokens without entropies and the sampler's numbers. */
  public PolicyTokens(
      int[] lengths,
      TokenWeights weights,
      float[] logProbs,
      float[] old,
      float[] reference,
      float[] advantages) {
    this(lengths, weights, logProbs, NONE, old, NONE, reference, advantages, NONE);
  }

  double logRatio(int token) {
    return old.length == 0 ? 0 : (double) logProbs[token] - old[token];
  }

  /** Returns how much less probable a token is now than the sampler had it, in nats. */
  double drift(int token) {
    float[] before = sampled.length == 0 ? old : sampled;
    return before.length == 0 ? 0 : (double) before[token] - logProbs[token];
  }

  double importance(int token, double least) {
    return importance.length == 0 ? 1 : Math.max(least, importance[token]);
  }
}

package io.adapt4j.core.reinforce;

import java.util.Arrays;

/** Normalizations of the token losses of a step. */
public enum LossNormalization {
  /** Mean over completions of the mean over their tokens (DeepSeekMath). */
  GRPO,
  /**
   * Sum divided by the number of completions times the maximum length: no length bias (Dr. GRPO).
   */
  DR_GRPO,
  /** Mean over the tokens of a micro-batch, then over micro-batches. */
  BNPO,
  /** Mean over all tokens of the step (DAPO). */
  DAPO,
  /**
   * Mean over completions of their length times the loss of the completion, for sequence ratios
   * (LUSPO). With ratios of tokens their weight is the length over the longest completion's.
   */
  LUSPO;

  /**
   * Returns the weight of each token of a completion in the sum of a micro-batch.
   *
   * @param lengths tokens of each completion that count; 0 for a masked one
   * @return a weight per completion
   */
  public double[] weights(int[] lengths) {
    double tokens = Math.max(1, Arrays.stream(lengths).sum());
    double longest = Math.max(1, Arrays.stream(lengths).max().orElse(0));
    return Arrays.stream(lengths)
        .mapToDouble(
            length ->
                switch (this) {
                  case GRPO -> 1.0 / Math.max(1, length);
                  case BNPO -> 1 / tokens;
                  case DR_GRPO, DAPO -> 1;
                  case LUSPO -> length / longest;
                })
        .toArray();
  }

  /**
   * Returns a micro-batch's contribution to the divisor of a step's sums.
   *
   * @param lengths tokens of each completion that count
   * @param most maximum number of tokens of a completion
   * @return above 0
   */
  public double divisor(int[] lengths, int most) {
    return switch (this) {
      case GRPO, LUSPO -> lengths.length;
      case DR_GRPO -> (double) lengths.length * most;
      case BNPO -> 1;
      case DAPO -> Math.max(1, Arrays.stream(lengths).sum());
    };
  }
}

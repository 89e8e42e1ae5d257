package io.adapt4j.core.reinforce;

import java.util.Arrays;

/** What the token losses of a step are divided by. */
public enum LossNormalization {
  /** Mean over completions of the mean over their tokens (DeepSeekMath). */
  GRPO,
  /** Sum over completions times the most tokens of one: no bias by length (Dr. GRPO). */
  DR_GRPO,
  /** Mean over the tokens of a micro-batch, then over micro-batches. */
  BNPO,
  /** Mean over all tokens of the step (DAPO). */
  DAPO;

  /**
   * Returns what each token of a completion counts in the sum of a micro-batch.
   *
   * @param lengths tokens of each completion that count; 0 for a masked one
   * @return a weight a completion
   */
  public double[] weights(int[] lengths) {
    double tokens = Math.max(1, Arrays.stream(lengths).sum());
    return Arrays.stream(lengths)
        .mapToDouble(
            length ->
                switch (this) {
                  case GRPO -> 1.0 / Math.max(1, length);
                  case BNPO -> 1 / tokens;
                  case DR_GRPO, DAPO -> 1;
                })
        .toArray();
  }

  /**
   * Returns the part of a micro-batch in what the sums of a step are divided by.
   *
   * @param lengths tokens of each completion that count
   * @param most the most tokens that a completion may have
   * @return above 0
   */
  public double divisor(int[] lengths, int most) {
    return switch (this) {
      case GRPO -> lengths.length;
      case DR_GRPO -> (double) lengths.length * most;
      case BNPO -> 1;
      case DAPO -> Math.max(1, Arrays.stream(lengths).sum());
    };
  }
}

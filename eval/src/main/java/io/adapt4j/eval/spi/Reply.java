package io.adapt4j.eval.spi;

import io.adapt4j.core.generate.FinishReason;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A model's reply to a {@link Request}. */
public sealed interface Reply {

  /**
   * A likelihood.
   *
   * @param logProbability natural logarithm of the probability of all scored tokens together
   * @param tokens number of scored tokens
   * @param greedy whether greedy decoding would have produced them
   */
  record Likelihood(double logProbability, int tokens, boolean greedy) implements Reply {

    /**
     * Checks the values. Throws {@link IllegalArgumentException} if the logarithm is not a number,
     * or above 0.
     */
    public Likelihood {
      if (!(logProbability <= 0)) {
        throw new IllegalArgumentException(
            "logProbability: expected 0 or less, found " + logProbability);
      }
    }
  }

  /**
   * A text.
   *
   * @param text the generated text; may be empty
   * @param finishReason the reason why it ends
   */
  record Text(String text, FinishReason finishReason) implements Reply {}

  /**
   * Probabilities of classes.
   *
   * @param probabilities by class, in the classifier's order; they add up to 1
   */
  record Classes(Map<String, Double> probabilities) implements Reply {

    private static final double ROUNDING = 1e-3;

    /**
     * Checks the probabilities. Throws {@link IllegalArgumentException} if there is none, one is
     * not a probability, or they do not add up to 1.
     */
    public Classes {
      probabilities = Collections.unmodifiableMap(new LinkedHashMap<>(probabilities));
      double sum = 0;
      for (double value : probabilities.values()) {
        sum += value >= 0 ? value : Double.NaN;
      }
      // False if the sum is NaN.
      if (!(Math.abs(sum - 1) <= ROUNDING)) {
        throw new IllegalArgumentException(
            "probabilities: expected numbers of 0 or more that add up to 1, found "
                + probabilities
                + "; a classifier of several labels at once, or of a number, cannot be asked for"
                + " one class");
      }
    }
  }
}

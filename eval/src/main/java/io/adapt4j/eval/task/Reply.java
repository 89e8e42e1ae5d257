package io.adapt4j.eval.task;

import io.adapt4j.core.text.Ending;

/** What a model replied to a {@link Request}. */
public sealed interface Reply {

  /**
   * A likelihood.
   *
   * @param logProbability natural logarithm of the probability of all scored tokens together
   * @param tokens how many tokens were scored
   * @param greedy whether greedy decoding would have produced them
   */
  record Likelihood(double logProbability, int tokens, boolean greedy) implements Reply {

    /**
     * Makes a reply.
     *
     * @param logProbability natural logarithm of the probability
     * @param tokens how many tokens were scored
     * @param greedy whether greedy decoding would have produced them
     * @throws IllegalArgumentException if the logarithm is not a number, or above 0
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
   * @param text what was generated; may be empty
   * @param ending why it ends where it does
   */
  record Text(String text, Ending ending) implements Reply {}
}

package io.adapt4j.core.train.spi;

/**
 * A policy objective of reinforcement learning: the loss of a sampled token by how much more
 * probable it has become, and its derivatives. Use it with {@code Grpo.Builder.objective}; an
 * implementation is called on the training thread and has no state.
 */
public interface PolicyObjective {

  /**
   * A sampled token. Log-ratios are limited to 20 in size, and 0 in the first step after sampling.
   *
   * @param logProb log-probability now
   * @param logRatio log-probability now minus when it was sampled; with sequence ratios the mean
   *     over the completion
   * @param completionLogRatio sum of the log-ratios of the completion's tokens, and of the
   *     logarithms of its importance weights if there are any
   * @param advantage advantage of the completion
   */
  record Token(double logProb, double logRatio, double completionLogRatio, double advantage) {

    /**
     * Returns the ratio of the probabilities.
     *
     * @return the exponential of {@link #logRatio}
     */
    public double ratio() {
      return Math.exp(logRatio);
    }
  }

  /** Whether an objective has limited the influence of a token. */
  enum Clipping {
    /** The objective itself. */
    NONE,
    /** A ratio below the range, of a token to be made rarer. */
    LOW,
    /** A ratio above the range, of a token to be made more frequent. */
    HIGH
  }

  /**
   * Contribution of a token to the loss.
   *
   * @param loss the value, finite
   * @param byLogRatio derivative by {@link Token#logRatio}, finite
   * @param byLogProb derivative by {@link Token#logProb} other than through the log-ratio, finite
   * @param clipping for the metric {@code clip_fraction}
   */
  record Term(double loss, double byLogRatio, double byLogProb, Clipping clipping) {}

  /**
   * Computes the term of a token.
   *
   * @param token a token of a completion that counts
   * @return its term; a run fails if it is not finite
   */
  Term term(Token token);

  /**
   * Returns whether {@link Token#completionLogRatio} is all that takes account of the importance
   * weights. Otherwise terms are multiplied by them.
   *
   * @return false by default
   */
  default boolean includesImportance() {
    return false;
  }

  /**
   * Describes the objective with its options. A run resumes only with the same description, which
   * records have.
   *
   * @return a text that is the same in every process
   */
  @Override
  String toString();
}

package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.train.spi.PairwiseLoss;

/**
 * Loss of pairs of answers: a term for each pair, and optionally the cross-entropy of the chosen
 * answers.
 */
public interface PairLoss {

  /** Returns the pair loss of given settings. */
  static PairLoss of(PreferenceLoss loss) {
    return of(LossSettings.of(loss));
  }

  static PairLoss of(LossSettings loss) {
    if (loss instanceof PairLoss pairs) {
      return pairs;
    }
    throw new IllegalArgumentException("loss: expected one of pairs, found " + loss);
  }

  /** Returns beta, the factor from scores to reported rewards. */
  double beta();

  /** {@return whether the loss uses a reference model} */
  default boolean usesReference() {
    return false;
  }

  /** The loss of a pair and its derivatives. */
  record Terms(double loss, double byChosen, double byRejected) {

    /** Returns the terms of a function of the difference of both scores. */
    static Terms ofDifference(double loss, double derivative) {
      return new Terms(loss, derivative, -derivative);
    }

    /**
     * Returns the terms of a smoothed logistic loss of z, where beta is the derivative of z with
     * respect to the difference.
     */
    static Terms logistic(double z, double beta, double labelSmoothing) {
      return ofDifference(
          Logistic.smoothed(z, labelSmoothing),
          beta * Logistic.smoothedDerivative(z, labelSmoothing));
    }
  }

  /** The scores of a batch that a term compares. */
  enum Pairing {
    /** The two answers of a pair. */
    PAIRS,
    /** Chosen and rejected answers of equal rank, each sorted in ascending order. */
    RANKS,
    /**
     * Differences of log-probabilities between chosen and rejected answers under the model and
     * under the reference, of equal rank in ascending order.
     */
    RANKS_OF_DIFFERENCES
  }

  /**
   * Returns which scores of a batch a term compares. If by rank, the loss depends on the
   * composition of the batch, and a term has the mean weight of its pairs.
   */
  default Pairing pairing() {
    return Pairing.PAIRS;
  }

  /** Computes the loss of a pair; not finite if a score is not. */
  Terms terms(double chosen, double rejected);

  /** Computes the loss of a pair, given also its log-probabilities and lengths. */
  default Terms terms(PairwiseLoss.Pair pair, double chosen, double rejected) {
    return terms(chosen, rejected);
  }

  /** Returns whether log-probabilities are means over an answer's tokens instead of sums. */
  default boolean averages() {
    return false;
  }

  /**
   * Returns the weight of the cross-entropy of the chosen answers, averaged over all their tokens
   * in a batch.
   */
  default double likelihood() {
    return 0;
  }

  /** {@return whether that cross-entropy includes the prompts} */
  default boolean likelihoodCoversPrompt() {
    return false;
  }
}

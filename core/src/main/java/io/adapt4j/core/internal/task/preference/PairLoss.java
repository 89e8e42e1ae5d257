package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.spi.PairwiseLoss;

/** A loss of pairs of answers: a term of each pair, and perhaps the cross-entropy of the chosen. */
public interface PairLoss {

  /** Finds what a loss computes. */
  static PairLoss of(PreferenceLoss loss) {
    return of(LossSettings.of(loss));
  }

  /** Finds what a loss computes. */
  static PairLoss of(LossSettings loss) {
    if (loss instanceof Dpo dpo) {
      return new DpoLoss(dpo.beta(), dpo.form(), dpo.labelSmoothing());
    }
    if (loss instanceof Orpo orpo) {
      return new OrpoLoss(orpo.lambda());
    }
    if (loss instanceof SimPo simPo) {
      return new SimPoLoss(simPo.beta(), simPo.gamma(), simPo.labelSmoothing(), simPo.alpha());
    }
    if (loss instanceof Cpo cpo) {
      return new CpoLoss(cpo.beta(), cpo.alpha(), cpo.labelSmoothing());
    }
    if (loss instanceof LossSettings.Custom custom) {
      return new CustomLoss(custom.loss());
    }
    throw new IllegalArgumentException("loss: expected one of pairs, found " + loss);
  }

  /** Returns the weight of the scores, as rewards are reported with. */
  double beta();

  /** {@return whether the loss compares with a reference} */
  default boolean usesReference() {
    return false;
  }

  /** The term of a pair and its derivatives. */
  record Terms(double loss, double byChosen, double byRejected) {

    /** The terms of a function of the difference of both scores. */
    static Terms ofDifference(double loss, double derivative) {
      return new Terms(loss, derivative, -derivative);
    }

    /** The terms of a smoothed logistic loss of z, whose derivative by the difference is beta. */
    static Terms logistic(double z, double beta, double labelSmoothing) {
      return ofDifference(
          Logistic.smoothed(z, labelSmoothing),
          beta * Logistic.smoothedDerivative(z, labelSmoothing));
    }
  }

  /** Which scores of a batch a term compares. */
  enum Pairing {
    /** Those of the two answers of a pair. */
    PAIRS,
    /** Of the chosen and of the rejected answers those of one rank, from the lowest on. */
    RANKS,
    /**
     * Differences of log-probabilities between chosen and rejected answers: of those under the
     * model and of those under the reference the ones of one rank, from the lowest on.
     */
    RANKS_OF_DIFFERENCES
  }

  /**
   * Tells which scores of a batch a term compares. Where they are of one rank, the loss depends on
   * which pairs meet in a batch, and a term has the mean weight of the pairs it is made of.
   */
  default Pairing pairing() {
    return Pairing.PAIRS;
  }

  /** Computes the term of a pair. Not finite where a score is not. */
  Terms terms(double chosen, double rejected);

  /** Computes the term of a pair of which more is known than its scores. */
  default Terms terms(PairwiseLoss.Pair pair, double chosen, double rejected) {
    return terms(chosen, rejected);
  }

  /** Returns whether log-probabilities are means over an answer's tokens instead of sums. */
  default boolean averages() {
    return false;
  }

  /**
   * Returns the weight of the cross-entropy of the chosen answers, a mean over all their tokens of
   * a batch.
   */
  default double likelihood() {
    return 0;
  }

  /** {@return whether that cross-entropy covers the prompts too} */
  default boolean likelihoodCoversPrompt() {
    return false;
  }
}

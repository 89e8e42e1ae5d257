package io.adapt4j.core.preference;

/** A loss of pairs of answers: a term of each pair, and perhaps the cross-entropy of the chosen. */
public sealed interface PairLoss extends PreferenceLoss permits Dpo, Orpo, SimPo, Cpo {

  /**
   * The term of a pair and its derivatives.
   *
   * @param loss its value
   * @param byChosen derivative by the chosen answer's score
   * @param byRejected derivative by the rejected answer's score
   */
  record Terms(double loss, double byChosen, double byRejected) {

    /** The terms of a function of the difference of both scores. */
    static Terms ofDifference(double loss, double derivative) {
      return new Terms(loss, derivative, -derivative);
    }
  }

  /**
   * Computes the term of a pair. Not finite where a score is not.
   *
   * @param chosen score of the chosen answer: its log-probability, summed or {@link #averages()},
   *     less that under the reference where there is one
   * @param rejected score of the rejected answer
   * @return the term
   */
  Terms terms(double chosen, double rejected);

  /**
   * Tells whether log-probabilities are means over an answer's tokens instead of sums.
   *
   * @return whether they are
   */
  boolean averages();

  /**
   * Returns the weight of the cross-entropy of the chosen answers, a mean over all their tokens of
   * a batch.
   *
   * @return at least 0
   */
  double likelihood();

  /**
   * Tells whether that cross-entropy covers the prompts too.
   *
   * @return whether it does
   */
  boolean likelihoodCoversPrompt();
}

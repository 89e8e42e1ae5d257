package io.adapt4j.core.train.spi;

/**
 * A custom preference loss on pairs of a chosen and a rejected answer: the term of a pair, and its
 * derivatives by the log-probabilities of both answers. Use it with {@code PreferenceLoss.custom};
 * the loss of a batch is the sum of its terms.
 *
 * <p>A loss is called on the training thread. It has no state, so one loss may serve several runs
 * at the same time.
 */
public interface PairwiseLoss {

  /**
   * Log-probabilities and lengths of a pair. Log-probabilities are natural logarithms, summed over
   * the tokens of an answer including its end, without the prompt.
   *
   * @param chosen log-probability of the chosen answer under the trained model, at most 0
   * @param rejected log-probability of the rejected answer
   * @param referenceChosen log-probability of the chosen answer under the reference; 0 without one
   * @param referenceRejected log-probability of the rejected answer under the reference
   * @param chosenTokens number of tokens of the chosen answer, at least 1
   * @param rejectedTokens number of tokens of the rejected answer, at least 1
   */
  record Pair(
      double chosen,
      double rejected,
      double referenceChosen,
      double referenceRejected,
      int chosenTokens,
      int rejectedTokens) {}

  /**
   * Contribution of a pair to the loss.
   *
   * @param loss the value, finite
   * @param byChosen derivative by {@link Pair#chosen}, finite
   * @param byRejected derivative by {@link Pair#rejected}, finite
   */
  record Term(double loss, double byChosen, double byRejected) {}

  /**
   * Returns the loss's name for logs and the identity of a run.
   *
   * @return a text that is not blank
   */
  String name();

  /**
   * Returns the options of the loss as text. A run resumes only under the same name and options.
   *
   * @return all options that change the terms, such as {@code beta=0.1}; empty by default
   */
  default String options() {
    return "";
  }

  /**
   * Returns whether the loss uses a reference model, which {@code Task.preference} then provides.
   *
   * @return whether {@link Pair#referenceChosen} and {@link Pair#referenceRejected} are read
   */
  boolean usesReference();

  /**
   * Returns the factor that turns log-probabilities, minus those under the reference, into the
   * rewards that a run reports.
   *
   * @return above 0; 1 by default
   */
  default double beta() {
    return 1;
  }

  /**
   * Computes the term of a pair.
   *
   * @param pair a pair of finite log-probabilities
   * @return its term; a run fails if it is not finite
   */
  Term term(Pair pair);
}

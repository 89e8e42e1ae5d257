package io.adapt4j.core.spi;

/**
 * A preference loss of pairs of a better and a worse answer: the term of a pair, and its
 * derivatives by the log-probabilities of both answers. {@code PreferenceLoss.custom} makes a loss
 * of it; the loss of a batch is the sum of its terms.
 *
 * <p>A loss is called on the thread that trains. It has no state, so one loss may serve several
 * runs at the same time.
 */
public interface PairwiseLoss {

  /**
   * What a loss knows of a pair. Log-probabilities are natural logarithms, summed over the tokens
   * of an answer, its end included and its prompt left out.
   *
   * @param chosen log-probability of the better answer under the model that trains, at most 0
   * @param rejected that of the worse answer
   * @param referenceChosen log-probability of the better answer under the reference; 0 where there
   *     is none
   * @param referenceRejected that of the worse answer
   * @param chosenTokens tokens of the better answer, at least 1
   * @param rejectedTokens tokens of the worse answer, at least 1
   */
  record Pair(
      double chosen,
      double rejected,
      double referenceChosen,
      double referenceRejected,
      int chosenTokens,
      int rejectedTokens) {}

  /**
   * What a pair adds to the loss.
   *
   * @param loss the value, finite
   * @param byChosen derivative by {@link Pair#chosen}, finite
   * @param byRejected derivative by {@link Pair#rejected}, finite
   */
  record Term(double loss, double byChosen, double byRejected) {}

  /**
   * Returns what the loss is called in logs and in the identity of a run.
   *
   * @return a text that is not blank
   */
  String name();

  /**
   * Returns the options of the loss as text. A run resumes only under the same name and options.
   *
   * @return all that changes the terms, such as {@code beta=0.1}; empty by default
   */
  default String options() {
    return "";
  }

  /**
   * Returns whether the loss compares with a reference model, which {@code Task.preference} then
   * asks.
   *
   * @return whether {@link Pair#referenceChosen} and {@link Pair#referenceRejected} are read
   */
  boolean usesReference();

  /**
   * Returns what log-probabilities, less those under the reference, are multiplied by to be the
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

package io.adapt4j.core.train;

/**
 * A finished evaluation on the validation examples.
 *
 * @param step optimizer steps done so far
 * @param loss mean loss per target token
 * @param perplexity exponential of the loss
 * @param bestSoFar whether no earlier evaluation of the run had a lower loss
 */
public record EvaluationEvent(int step, double loss, double perplexity, boolean bestSoFar) {

  /**
   * Creates the event with the perplexity that belongs to the loss.
   *
   * @param step optimizer steps done so far
   * @param loss mean loss per target token
   * @param bestSoFar whether no earlier evaluation of the run had a lower loss
   * @return the event
   */
  public static EvaluationEvent of(int step, double loss, boolean bestSoFar) {
    return new EvaluationEvent(step, loss, Math.exp(loss), bestSoFar);
  }
}

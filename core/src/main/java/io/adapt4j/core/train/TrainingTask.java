package io.adapt4j.core.train;

/**
 * What a model is trained for: the loss of a batch and what is counted in it.
 *
 * @param <B> a batch
 */
public interface TrainingTask<B> extends TrainingStep.Objective<B> {

  /**
   * Sums the loss over a batch's targets.
   *
   * @param batch the batch
   * @return the sum
   */
  double evaluate(B batch);

  /**
   * Counts what the loss is a mean over.
   *
   * @param batch the batch
   * @return predicted tokens, or labelled texts
   */
  long targets(B batch);

  /**
   * Counts tokens, for the speed that is shown.
   *
   * @param batch the batch
   * @return tokens, padding left out
   */
  long tokens(B batch);
}

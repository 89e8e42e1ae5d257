package io.adapt4j.core.internal.train;

import java.util.Map;

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
   * Starts a pass over the validation data.
   *
   * @return a pass that sums the loss; a task may measure more
   */
  default Evaluation<B> evaluation() {
    return this::evaluate;
  }

  /**
   * Takes what was measured besides the loss in the batches differentiated since it was last asked.
   *
   * @return means by name, in the order to be shown; empty where nothing is measured
   */
  default Map<String, Double> takeStepMetrics() {
    return Map.of();
  }

  /**
   * Returns whether the mean loss is the cross-entropy of tokens, whose exponential is the
   * perplexity.
   *
   * @return false unless the task predicts tokens
   */
  default boolean isTokenLoss() {
    return false;
  }

  /**
   * Says which checkpoint is the best.
   *
   * @return the lowest validation loss, unless the task was told otherwise
   */
  default BestModelMetric selection() {
    return BestModelMetric.BY_LOSS;
  }

  /**
   * Counts the terms of the loss.
   *
   * @param batch the batch
   * @return predicted tokens, or labeled texts
   */
  long targets(B batch);

  /**
   * Sums the weights of the loss's terms, which it is divided by to be a mean.
   *
   * @param batch the batch
   * @return {@link #targets} where each term counts 1, as it does unless this is overridden
   */
  default double weight(B batch) {
    return targets(batch);
  }

  /**
   * Counts tokens, for the speed that is shown.
   *
   * @param batch the batch
   * @return tokens, padding left out
   */
  long tokens(B batch);
}

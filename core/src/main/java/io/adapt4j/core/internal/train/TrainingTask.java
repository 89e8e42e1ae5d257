package io.adapt4j.core.internal.train;

import java.util.Map;

/** What a model is trained for: the loss of a batch and what is counted in it. */
public interface TrainingTask<B> extends TrainingStep.Objective<B> {

  /** Sums the loss over a batch's targets. */
  double evaluate(B batch);

  /** Starts a pass over the validation data. */
  default Evaluation<B> evaluation() {
    return this::evaluate;
  }

  /**
   * Takes what was measured besides the loss in the batches differentiated since it was last asked.
   */
  default Map<String, Double> takeStepMetrics() {
    return Map.of();
  }

  /**
   * Returns whether the mean loss is the cross-entropy of tokens, whose exponential is the
   * perplexity.
   */
  default boolean isTokenLoss() {
    return false;
  }

  /** Says which checkpoint is the best. */
  default BestModelMetric selection() {
    return BestModelMetric.BY_LOSS;
  }

  /** Counts the terms of the loss. */
  long targets(B batch);

  /** Sums the weights of the loss's terms, which it is divided by to be a mean. */
  default double weight(B batch) {
    return targets(batch);
  }

  /** Counts tokens, for the speed that is shown. */
  long tokens(B batch);
}

package io.adapt4j.core.internal.train;

import java.util.Map;
import java.util.Optional;

/** Training task: the loss of a batch, and the counts of its targets and tokens. */
public interface TrainingTask<B> extends TrainingStep.Objective<B> {

  /** Returns the sum of the loss over a batch's targets, without gradients. */
  double evaluate(B batch);

  /** Starts a pass over the validation data. */
  default Evaluation<B> evaluation() {
    return this::evaluate;
  }

  /** Returns and resets the metrics of the batches trained on since the last call. */
  default Map<String, Double> takeStepMetrics() {
    return Map.of();
  }

  /**
   * Returns whether the mean loss is a token cross-entropy, whose exponential is the perplexity.
   */
  default boolean isTokenLoss() {
    return false;
  }

  default BestModelMetric selection() {
    return BestModelMetric.BY_LOSS;
  }

  /**
   * Returns whether each token of a batch is a target, [rows, length]; empty if the task has no
   * targets among its tokens.
   */
  default Optional<boolean[]> targetTokens(B batch) {
    return Optional.empty();
  }

  /** Returns the number of loss terms. */
  long targets(B batch);

  /** Returns the sum of the weights of the loss terms, the divisor of the mean loss. */
  default double weight(B batch) {
    return targets(batch);
  }

  /** Returns the number of tokens, for the reported speed. */
  long tokens(B batch);
}

package io.adapt4j.core.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A finished evaluation on the validation examples.
 *
 * @param step optimizer steps done so far
 * @param loss mean loss per target: a token, or a text with a label
 * @param perplexity exponential of the loss if that is the mean over tokens; NaN for other tasks
 * @param bestSoFar whether it is better than every earlier evaluation of the run, including the one
 *     before training, by the loss or the metric for the best model; false before training
 * @param metrics metrics of the task besides the loss, such as {@code accuracy}, in display order;
 *     empty for next-token prediction
 */
public record EvaluationEvent(
    int step, double loss, double perplexity, boolean bestSoFar, Map<String, Double> metrics) {

  /** Copies the metrics. */
  public EvaluationEvent {
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  /**
   * Creates the event of a task without metrics.
   *
   * @param loss mean loss per target token
   * @param perplexity exponential of the loss
   * @param bestSoFar whether it is better than every earlier evaluation of the run
   */
  public EvaluationEvent(int step, double loss, double perplexity, boolean bestSoFar) {
    this(step, loss, perplexity, bestSoFar, Map.of());
  }

  /**
   * Creates the event with the perplexity computed from the loss.
   *
   * @param bestSoFar whether it is better than every earlier evaluation of the run
   * @return the event
   */
  public static EvaluationEvent of(int step, double loss, boolean bestSoFar) {
    return new EvaluationEvent(step, loss, Math.exp(loss), bestSoFar);
  }
}

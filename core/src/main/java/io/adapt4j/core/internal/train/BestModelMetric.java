package io.adapt4j.core.internal.train;

import java.util.Map;
import java.util.Set;

/** What decides which checkpoint is the best: the validation loss, or a metric of the task. */
public record BestModelMetric(String metric) {

  /** Name of the validation loss. */
  public static final String LOSS = "loss";

  /** The lowest validation loss is the best. */
  public static final BestModelMetric BY_LOSS = new BestModelMetric(LOSS);

  /** Metrics of which less is better. */
  private static final Set<String> ERRORS = Set.of(LOSS, "mse");

  /**
   * Rates an evaluation.
   *
   * @return the lower, the better; NaN where the metric is missing
   */
  public double cost(double loss, Map<String, Double> metrics) {
    double value = metric.equals(LOSS) ? loss : metrics.getOrDefault(metric, Double.NaN);
    return ERRORS.contains(metric) ? value : -value;
  }
}

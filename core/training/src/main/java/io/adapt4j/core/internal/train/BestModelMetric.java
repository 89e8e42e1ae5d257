package io.adapt4j.core.internal.train;

import java.util.Map;
import java.util.Set;

/** Metric that selects the best checkpoint: the validation loss or a metric of the task. */
public record BestModelMetric(String metric) {

  /** Name of the validation loss. */
  public static final String LOSS = "loss";

  /** Selects the lowest validation loss. */
  public static final BestModelMetric BY_LOSS = new BestModelMetric(LOSS);

  /** Metrics where lower is better. */
  private static final Set<String> ERRORS = Set.of(LOSS, "mse", "wer");

  /** Returns the cost of an evaluation: lower is better; NaN if the metric is missing. */
  public double cost(double loss, Map<String, Double> metrics) {
    double value = metric.equals(LOSS) ? loss : metrics.getOrDefault(metric, Double.NaN);
    return ERRORS.contains(metric) ? value : -value;
  }
}

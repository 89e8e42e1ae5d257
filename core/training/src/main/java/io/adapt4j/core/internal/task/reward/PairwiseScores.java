package io.adapt4j.core.internal.task.reward;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Metrics of a reward model on pairs: {@code accuracy} (a tie counts half), the mean {@code
 * margin}, {@code calibration_error}, and the mean rewards of both sides.
 *
 * <p>The calibration error is the expected calibration error over ten bins (Guo et al. 2017): the
 * share of pairs in a bin times the difference between mean confidence {@code s(|c - r|)} and
 * accuracy.
 */
public final class PairwiseScores {

  private static final int BINS = 10;

  private final double[] sure = new double[BINS];
  private final double[] right = new double[BINS];
  private int pairs;
  private double correct;
  private double chosenSum;
  private double rejectedSum;

  public PairwiseScores() {}

  public void add(double chosen, double rejected) {
    double distance = chosen - rejected;
    double confidence = 1 / (1 + Math.exp(-Math.abs(distance)));
    double isRight = distance > 0 ? 1 : distance == 0 ? 0.5 : 0;
    // Confidence is at least 0.5.
    int bin = Math.min(BINS - 1, (int) ((confidence - 0.5) * 2 * BINS));
    sure[bin] += confidence;
    right[bin] += isRight;
    pairs++;
    correct += isRight;
    chosenSum += chosen;
    rejectedSum += rejected;
  }

  /** Returns the metrics by name; NaN without pairs. */
  public Map<String, Double> metrics() {
    double error = 0;
    for (int bin = 0; bin < BINS; bin++) {
      error += Math.abs(sure[bin] - right[bin]);
    }
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("accuracy", correct / pairs);
    metrics.put("margin", (chosenSum - rejectedSum) / pairs);
    metrics.put("calibration_error", error / pairs);
    metrics.put("reward_chosen", chosenSum / pairs);
    metrics.put("reward_rejected", rejectedSum / pairs);
    return metrics;
  }
}

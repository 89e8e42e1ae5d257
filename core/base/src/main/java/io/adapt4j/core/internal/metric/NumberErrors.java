package io.adapt4j.core.internal.metric;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Regression metrics. */
public final class NumberErrors {

  private NumberErrors() {}

  public static double meanSquared(double[] truth, double[] predicted) {
    return IntStream.range(0, truth.length)
        .mapToDouble(i -> (truth[i] - predicted[i]) * (truth[i] - predicted[i]))
        .average()
        .orElse(0);
  }

  /** Returns Pearson's correlation coefficient: from -1 to 1; NaN if either series is constant. */
  public static double pearson(double[] truth, double[] predicted) {
    double meanTruth = Arrays.stream(truth).average().orElse(0);
    double meanPredicted = Arrays.stream(predicted).average().orElse(0);
    double product = 0;
    double squaresTruth = 0;
    double squaresPredicted = 0;
    for (int i = 0; i < truth.length; i++) {
      double a = truth[i] - meanTruth;
      double b = predicted[i] - meanPredicted;
      product += a * b;
      squaresTruth += a * a;
      squaresPredicted += b * b;
    }
    return product / Math.sqrt(squaresTruth * squaresPredicted);
  }

  /** Returns Spearman's rank correlation; ties share their mean rank. */
  public static double spearman(double[] truth, double[] predicted) {
    return pearson(ranks(truth), ranks(predicted));
  }

  private static double[] ranks(double[] values) {
    int[] order =
        IntStream.range(0, values.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> values[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] ranks = new double[values.length];
    for (int from = 0; from < order.length; ) {
      int to = from;
      while (to < order.length && values[order[to]] == values[order[from]]) {
        to++;
      }
      for (int i = from; i < to; i++) {
        ranks[order[i]] = (from + to - 1) / 2.0;
      }
      from = to;
    }
    return ranks;
  }
}

package io.adapt4j.upkeep.drift;

import java.util.Arrays;

/**
 * Area under the ROC curve of scores, with two variances: of Wilcoxon's rank-sum test, if scores of
 * both groups have one distribution, and of DeLong (DeLong, DeLong and Clarke-Pearson 1988,
 * "Comparing the Areas under Two or More Correlated Receiver Operating Characteristic Curves"),
 * whether or not they do.
 *
 * @param auc probability that a positive score is above a negative one; ties count half
 * @param nullVariance variance of {@code auc} if both groups have one distribution
 * @param variance estimate of the variance of {@code auc}
 */
record RankSum(double auc, double nullVariance, double variance) {

  /** Compares two groups of at least two scores. */
  static RankSum of(double[] negative, double[] positive) {
    double[] low = sorted(negative);
    double[] high = sorted(positive);
    double[] ofPositive = Arrays.stream(positive).map(score -> share(low, score)).toArray();
    double[] ofNegative = Arrays.stream(negative).map(score -> 1 - share(high, score)).toArray();
    double auc = Arrays.stream(ofPositive).average().orElseThrow();
    return new RankSum(
        auc,
        nullVariance(low, high),
        variance(ofPositive, auc) / positive.length + variance(ofNegative, auc) / negative.length);
  }

  private static double nullVariance(double[] low, double[] high) {
    double[] all = Arrays.copyOf(low, low.length + high.length);
    System.arraycopy(high, 0, all, low.length, high.length);
    Arrays.sort(all);
    double n = all.length;
    double ties = 0;
    for (int start = 0, end; start < all.length; start = end) {
      end = start + 1;
      while (end < all.length && all[end] == all[start]) {
        end++;
      }
      double equal = end - start;
      ties += equal * equal * equal - equal;
    }
    return (n + 1 - ties / (n * (n - 1))) / (12.0 * low.length * high.length);
  }

  private static double[] sorted(double[] scores) {
    double[] sorted = scores.clone();
    Arrays.sort(sorted);
    return sorted;
  }

  /** Share of scores below one, plus half of those equal to it. */
  private static double share(double[] sorted, double score) {
    return (firstFrom(sorted, score) + firstFrom(sorted, Math.nextUp(score))) / 2.0 / sorted.length;
  }

  private static int firstFrom(double[] sorted, double bound) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < bound) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static double variance(double[] values, double mean) {
    return Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / (values.length - 1);
  }
}

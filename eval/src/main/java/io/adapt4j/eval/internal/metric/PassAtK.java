package io.adapt4j.eval.internal.metric;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * pass@k: the unbiased estimate of the probability that at least one of k samples solves a problem,
 * from more than k samples (Chen et al. 2021, "Evaluating Large Language Models Trained on Code",
 * equation 1). The rows are problems. Keeps one sum per k.
 */
public final class PassAtK {

  private final int[] ks;
  private final double[] sums;
  private long rows;

  /** Creates a metric without problems. */
  public PassAtK(int... ks) {
    this.ks = ks.clone();
    this.sums = new double[ks.length];
    if (ks.length == 0 || Arrays.stream(ks).anyMatch(k -> k < 1)) {
      throw new IllegalArgumentException("k is " + Arrays.toString(ks) + "; give numbers from 1");
    }
  }

  /** Estimates the probability for one problem. */
  public static double estimate(int samples, int correct, int k) {
    if (k < 1 || k > samples || correct < 0 || correct > samples) {
      throw new IllegalArgumentException(
          ("pass@%s needs at least so many samples, of which some are right; found %s samples"
                  + " and %s right ones")
              .formatted(k, samples, correct));
    }
    if (samples - correct < k) {
      return 1;
    }
    return 1
        - IntStream.rangeClosed(samples - correct + 1, samples)
            .mapToDouble(i -> 1 - (double) k / i)
            .reduce(1, (a, b) -> a * b);
  }

  public void add(int samples, int correct) {
    double[] chances = new double[ks.length];
    for (int i = 0; i < ks.length; i++) {
      try {
        chances[i] = estimate(samples, correct, ks[i]);
      } catch (IllegalArgumentException e) {
        throw Rows.bad(rows + 1, String.valueOf(e.getMessage()));
      }
    }
    rows++;
    Arrays.setAll(sums, i -> sums[i] + chances[i]);
  }

  /** Adds all counts of another. */
  public void merge(PassAtK other) {
    Rows.sameSettings(Arrays.toString(ks), Arrays.toString(other.ks));
    rows += other.rows;
    Arrays.setAll(sums, i -> sums[i] + other.sums[i]);
  }

  /** Returns the mean over the problems. */
  public double at(int k) {
    Rows.some("pass@k", rows);
    return sums[Cutoffs.find(ks, k)] / rows;
  }
}

package io.adapt4j.benchmarks;

import java.util.Arrays;
import java.util.Locale;

/** Latencies of single calls. */
final class Latencies {

  private final double[] milliseconds;
  private int count;

  Latencies(int most) {
    this.milliseconds = new double[most];
  }

  void add(long nanos) {
    milliseconds[count++] = nanos / 1e6;
  }

  /** Returns a percentile of the latencies. */
  double percentile(double share) {
    double[] sorted = Arrays.copyOf(milliseconds, count);
    Arrays.sort(sorted);
    int place = (int) Math.ceil(share * count) - 1;
    return sorted[Math.min(count - 1, Math.max(0, place))];
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "p50 %.2f ms, p99 %.2f ms, most %.2f ms",
        percentile(0.5),
        percentile(0.99),
        percentile(1));
  }
}

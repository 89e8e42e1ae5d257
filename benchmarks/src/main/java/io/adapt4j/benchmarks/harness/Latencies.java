package io.adapt4j.benchmarks.harness;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Latencies of single calls in milliseconds, from any thread. */
public final class Latencies {

  private final List<Double> milliseconds = new ArrayList<>();

  /** Times a call. */
  public void time(Runnable call) {
    double taken = 1e3 * Timing.seconds(call);
    synchronized (this) {
      milliseconds.add(taken);
    }
  }

  /** Returns a percentile of the latencies. */
  public synchronized double percentile(double share) {
    List<Double> sorted = milliseconds.stream().sorted().toList();
    int place = (int) Math.ceil(share * sorted.size()) - 1;
    return sorted.get(Math.min(sorted.size() - 1, Math.max(0, place)));
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

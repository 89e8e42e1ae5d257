package io.adapt4j.benchmarks.harness;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Latencies of single calls in milliseconds, from any thread. */
public final class Latencies {

  private final List<Double> milliseconds = new ArrayList<>();

  public void time(Runnable call) {
    add(1e3 * Timing.seconds(call));
  }

  /** Adds a latency in milliseconds. */
  public synchronized void add(double taken) {
    milliseconds.add(taken);
  }

  /** Returns the percentiles 50, 95 and 99 in words. */
  public String spread() {
    return String.format(
        Locale.ROOT,
        "p50 %.1f ms, p95 %.1f ms, p99 %.1f ms",
        percentile(0.5),
        percentile(0.95),
        percentile(0.99));
  }

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

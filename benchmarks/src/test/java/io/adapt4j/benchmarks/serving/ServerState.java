package io.adapt4j.benchmarks.serving;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** Resource use of a server process. */
record ServerState(int requests, int answers, int threads, long heapBytes) {

  /** Reads the state after garbage collection. */
  static ServerState of(URI address) throws IOException {
    String metrics;
    try (InputStream in = address.resolve("/metrics").toURL().openStream()) {
      metrics = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    System.gc();
    long used = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    return new ServerState(
        // This request is in progress, too.
        gauge(metrics, "adapt4j_requests_running") - 1,
        gauge(metrics, "adapt4j_answers_running"),
        ManagementFactory.getThreadMXBean().getThreadCount(),
        used);
  }

  /** Polls until nothing is in progress, or a number of seconds have passed. */
  static ServerState idle(URI address, int seconds) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    ServerState state = of(address);
    while (state.requests() + state.answers() > 0 && System.nanoTime() < end) {
      Thread.sleep(100);
      state = of(address);
    }
    return state;
  }

  private static int gauge(String metrics, String name) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToInt(line -> (int) Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  @Override
  public String toString() {
    return "%d requests, %d answers, %d threads, heap %d MiB"
        .formatted(requests, answers, threads, heapBytes >> 20);
  }
}

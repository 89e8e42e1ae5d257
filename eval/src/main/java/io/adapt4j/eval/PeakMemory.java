package io.adapt4j.eval;

import io.adapt4j.core.internal.ProcessMemory;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Samples the peak RSS of the process every 20 ms on its own thread, so that memory that a
 * candidate allocates and frees within a call counts.
 */
final class PeakMemory implements AutoCloseable {

  private static final long EVERY_MILLIS = 20;

  private final ScheduledExecutorService reader =
      Executors.newSingleThreadScheduledExecutor(PeakMemory::daemon);
  private final AtomicLong peak = new AtomicLong();

  PeakMemory() {
    if (ProcessMemory.resident().isPresent()) {
      var unused =
          reader.scheduleWithFixedDelay(this::look, 0, EVERY_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "adapt4j-peak-memory");
    thread.setDaemon(true);
    return thread;
  }

  private void look() {
    ProcessMemory.resident().ifPresent(now -> peak.accumulateAndGet(now, Math::max));
  }

  /** Returns the peak in bytes since the last call; empty if the system does not report it. */
  OptionalLong next() {
    look();
    long most = peak.getAndSet(0);
    return most == 0 ? OptionalLong.empty() : OptionalLong.of(most);
  }

  @Override
  public void close() {
    reader.shutdownNow();
  }
}

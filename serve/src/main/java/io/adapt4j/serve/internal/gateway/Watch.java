package io.adapt4j.serve.internal.gateway;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Interrupts threads that exceed their time: one that waits for a client that does not read its
 * answer would wait forever. An interrupt closes the connection.
 */
final class Watch implements AutoCloseable {

  private final ScheduledThreadPoolExecutor clock =
      new ScheduledThreadPoolExecutor(
          1,
          task -> {
            Thread thread = new Thread(task, "adapt4j-serve-watch");
            thread.setDaemon(true);
            return thread;
          });

  Watch() {
    // Otherwise each request would stay in memory until its time is over, long after its end.
    clock.setRemoveOnCancelPolicy(true);
  }

  /** Watches the current thread until the result is closed. */
  Watched watch(Duration time) {
    return new Watched(time);
  }

  /** Number of watched threads. */
  int watched() {
    return clock.getQueue().size();
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }

  /** A watched thread. */
  final class Watched implements AutoCloseable {

    private final Thread thread = Thread.currentThread();
    private final ScheduledFuture<?> alarm;
    private boolean done;

    private Watched(Duration time) {
      this.alarm = clock.schedule(this::interrupt, time.toMillis(), TimeUnit.MILLISECONDS);
    }

    private synchronized void interrupt() {
      if (!done) {
        thread.interrupt();
      }
    }

    @Override
    public void close() {
      alarm.cancel(false);
      synchronized (this) {
        done = true;
      }
    }
  }
}

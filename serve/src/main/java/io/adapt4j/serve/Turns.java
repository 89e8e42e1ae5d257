package io.adapt4j.serve;

import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * Permits for slow work before an answer: reading large bodies and long prompts, and compiling
 * schemas. It uses at most half of the processors, so that answers continue meanwhile. Thread-safe.
 */
final class Turns {

  /** The permits of this process, whose processors all its servers share. */
  static final Turns OF_PROCESS =
      new Turns(Math.max(1, Runtime.getRuntime().availableProcessors() / 2));

  private static final long POLL_MILLIS = 20;

  private final Semaphore free;

  Turns(int most) {
    this.free = new Semaphore(most, true);
  }

  /** A turn, which ends when it is closed. Closing twice is harmless. */
  final class Turn implements AutoCloseable {

    private final AtomicBoolean ended = new AtomicBoolean();

    private Turn() {}

    @Override
    public void close() {
      if (!ended.getAndSet(true)) {
        free.release();
      }
    }
  }

  /**
   * Waits for a turn, polling for cancellation. Throws a CancellationException if it is cancelled,
   * or the thread interrupted.
   */
  Turn take(BooleanSupplier isCancelled) {
    boolean taken = false;
    while (!taken) {
      if (isCancelled.getAsBoolean()) {
        throw new CancellationException("the request was cancelled");
      }
      try {
        taken = free.tryAcquire(POLL_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancellationException("the thread was interrupted");
      }
    }
    return new Turn();
  }
}

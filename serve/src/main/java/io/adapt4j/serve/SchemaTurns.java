package io.adapt4j.serve;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.structured.ConstraintLimits;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Compilation of the schemas of requests: within limits, ended when nobody waits for it, and on
 * half of the processors at most, so that answers go on beside it. Thread-safe.
 */
final class SchemaTurns {

  private static final long POLL_MILLIS = 20;

  private final Semaphore free =
      new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), true);

  /**
   * Does what compiles schemas.
   *
   * @throws CancellationException if it is cancelled
   * @throws io.adapt4j.structured.UnsupportedConstraintException if it needs more than may be
   */
  <T> T run(CancellationToken cancellation, Supplier<T> work) {
    take(cancellation);
    try {
      return ConstraintLimits.defaults().run(cancellation::isCancelled, work);
    } finally {
      free.release();
    }
  }

  private void take(CancellationToken cancellation) {
    boolean taken = false;
    while (!taken) {
      if (cancellation.isCancelled()) {
        throw new CancellationException("the request was cancelled");
      }
      try {
        taken = free.tryAcquire(POLL_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancellationException("the thread was interrupted");
      }
    }
  }
}

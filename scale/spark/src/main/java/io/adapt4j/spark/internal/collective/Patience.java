package io.adapt4j.spark.internal.collective;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * Limit of a worker's waiting for the others.
 *
 * @param cancelled polled ten times a second: whether to give up at once
 */
public record Patience(Duration limit, BooleanSupplier cancelled) {

  /** Polling interval of a wait in milliseconds. */
  static final long POLL_MILLIS = 100;

  /** Returns waits that only an interrupt cancels. */
  public static Patience of(Duration limit) {
    return new Patience(limit, () -> false);
  }

  /** Starts a wait. */
  Wait begin() {
    return new Wait();
  }

  /** A wait for something that has to happen before the limit. */
  final class Wait {

    private long since = System.nanoTime();

    /** Records that data was sent or received. */
    void progress() {
      since = System.nanoTime();
    }

    /** Throws if the wait has to end. */
    void check(String what) {
      if (Thread.currentThread().isInterrupted() || cancelled.getAsBoolean()) {
        throw new CollectiveException("Stopped while waiting for " + what);
      }
      if (System.nanoTime() - since > limit.toNanos()) {
        throw new CollectiveException(
            "Waited "
                + seconds(limit)
                + " s for "
                + what
                + " and nothing came: it hangs, or the network between is down");
      }
    }

    private static String seconds(Duration duration) {
      return String.valueOf(duration.toMillis() / 1e3);
    }
  }
}

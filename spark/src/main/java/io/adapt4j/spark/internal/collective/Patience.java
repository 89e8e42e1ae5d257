package io.adapt4j.spark.internal.collective;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * How long a worker waits for the others.
 *
 * @param cancelled asked ten times a second: whether to give up at once
 */
public record Patience(Duration limit, BooleanSupplier cancelled) {

  /** Milliseconds after which a wait looks around. */
  static final long POLL_MILLIS = 100;

  /** Waits that nobody cancels but by an interrupt. */
  public static Patience of(Duration limit) {
    return new Patience(limit, () -> false);
  }

  /** A wait that starts now. */
  Wait begin() {
    return new Wait();
  }

  /** A wait for something that has to happen before the limit. */
  final class Wait {

    private long since = System.nanoTime();

    /** Something has come or gone. */
    void progress() {
      since = System.nanoTime();
    }

    /** Looks whether to go on. */
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

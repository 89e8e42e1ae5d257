package io.adapt4j.spark.internal.collective;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * Limit of a worker's waiting for the others.
 *
 * @param cancelled polled ten times a second: whether to give up at once
 */
public record Patience(Duration limit, BooleanSupplier cancelled) {

  /** Returns a limit of waits that only an interrupt cancels. */
  public static Patience of(Duration limit) {
    return new Patience(limit, () -> false);
  }
}

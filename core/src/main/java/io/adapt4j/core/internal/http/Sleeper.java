package io.adapt4j.core.internal.http;

import java.time.Duration;

/** Waits between attempts. */
@FunctionalInterface
public interface Sleeper {

  /** Waits by putting the thread to sleep. */
  Sleeper REAL = duration -> Thread.sleep(duration.toMillis());

  /**
   * Waits.
   *
   * @param duration how long
   * @throws InterruptedException if the thread is interrupted
   */
  void sleep(Duration duration) throws InterruptedException;
}

package io.adapt4j.core.internal.http;

import java.time.Duration;

/** Waits between attempts. */
@FunctionalInterface
public interface Sleeper {

  /** Waits by putting the thread to sleep. */
  Sleeper REAL = duration -> Thread.sleep(duration.toMillis());

  void sleep(Duration duration) throws InterruptedException;
}

package io.adapt4j.core.text;

import io.adapt4j.core.internal.http.Sleeper;
import java.time.Duration;

/** Spaces requests evenly. */
final class RateLimiter {

  private final long nanos;
  private final Sleeper sleeper;
  private long next = System.nanoTime();

  /** Maximum number of requests per minute; 0 for no limit. */
  RateLimiter(int perMinute, Sleeper sleeper) {
    this.nanos = perMinute == 0 ? 0 : Duration.ofMinutes(1).toNanos() / perMinute;
    this.sleeper = sleeper;
  }

  /** Waits for this request's turn. */
  void await() throws InterruptedException {
    if (nanos == 0) {
      return;
    }
    long wait = turn();
    if (wait > 0) {
      sleeper.sleep(Duration.ofNanos(wait));
    }
  }

  private synchronized long turn() {
    long now = System.nanoTime();
    long turn = next - now > 0 ? next : now;
    next = turn + nanos;
    return turn - now;
  }
}

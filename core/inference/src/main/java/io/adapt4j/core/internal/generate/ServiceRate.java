package io.adapt4j.core.internal.generate;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Measured rate at which requests are answered, as their mean time by the number of them that run.
 * Thread safe.
 */
public final class ServiceRate {

  /** Weight of the newest time in the mean. */
  private static final double NEWEST = 0.2;

  private static final Duration LEAST = Duration.ofSeconds(1);
  private static final Duration MOST = Duration.ofMinutes(10);

  /** Start times of running requests. */
  private final Map<Object, Long> begun = new HashMap<>();

  /** Mean time of an answer in nanoseconds; 0 before the first. */
  private double mean;

  /** Until when all earlier times to come back are taken. */
  private double promised;

  /** Notes the start of a request, told by its identity. */
  public synchronized void started(Object request, long nanos) {
    begun.put(request, nanos);
  }

  /** Notes the end of a request. */
  public synchronized void ended(Object request, long nanos) {
    Long start = begun.remove(request);
    if (start != null) {
      double time = nanos - start;
      mean = mean == 0 ? time : mean + NEWEST * (time - mean);
    }
  }

  /** Notes the ends of those of the requests that are over. */
  synchronized void endOver(long nanos) {
    for (Object request : List.copyOf(begun.keySet())) {
      if (request instanceof Request own && own.isOver()) {
        ended(request, nanos);
      }
    }
  }

  /** Returns the number of running requests. */
  public synchronized int running() {
    return begun.size();
  }

  /** Returns the time until a request starts; zero while nothing is measured. */
  synchronized Duration untilStart(int ahead, int most) {
    int free = ahead > 0 ? 0 : most - begun.size();
    return free > 0 ? Duration.ZERO : Duration.ofNanos((long) ((ahead + 1) * interval()));
  }

  private double interval() {
    return mean / Math.max(1, begun.size());
  }

  /**
   * Returns when a request that is refused should come back: each a little later than the one
   * before, as places become free, but not later than all present ones are answered.
   */
  public synchronized Duration comeBack(int waiting, Duration least, long nanos) {
    double all = (waiting + begun.size()) * interval();
    promised = Math.min(Math.max(promised, (double) nanos) + interval(), nanos + all);
    Duration free = Duration.ofNanos((long) Math.max(0, promised - nanos));
    Duration longer = free.compareTo(least) > 0 ? free : least;
    return longer.compareTo(LEAST) < 0 ? LEAST : longer.compareTo(MOST) > 0 ? MOST : longer;
  }
}

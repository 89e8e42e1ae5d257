package io.adapt4j.core.generate;

import io.adapt4j.core.internal.Texts;
import java.time.Duration;
import java.util.Optional;

/**
 * Order of a request among those that wait for the same model. It does not change the answer.
 *
 * <p>Of waiting requests the one with the lowest priority number starts first. Among equals clients
 * take turns, each as often as its weight says, and the requests of a client start in order of
 * arrival. Every eighth start is that of the oldest request, so that none waits forever.
 *
 * @param priority lower numbers start earlier, as in vLLM; default 0
 * @param client who asks, such as a user's name; default empty
 * @param weight turns of the client for each turn of one with weight 1, at least 1; default 1
 * @param startWithin time in which the answer must start. A request that at the measured rate
 *     cannot start in time is refused at once, and one that has not is refused then, both with a
 *     {@link io.adapt4j.core.exception.TooManyRequestsException}. Empty to wait as long as it takes
 */
public record Scheduling(int priority, String client, int weight, Optional<Duration> startWithin) {

  private static final Scheduling DEFAULTS = new Scheduling(0, "", 1, Optional.empty());

  public Scheduling {
    Texts.require("client", client);
    Texts.require("startWithin", startWithin);
    if (weight < 1) {
      throw new IllegalArgumentException("weight: expected at least 1, found " + weight);
    }
    if (startWithin.filter(Duration::isNegative).isPresent()) {
      throw new IllegalArgumentException(
          "startWithin: expected a time of at least 0, found " + startWithin.get());
    }
  }

  /** {@return the defaults} */
  public static Scheduling defaults() {
    return DEFAULTS;
  }

  /**
   * {@return a copy with another priority}
   *
   * @param number the priority; lower ones start first
   */
  public Scheduling withPriority(int number) {
    return new Scheduling(number, client, weight, startWithin);
  }

  /**
   * {@return a copy for a client with a weight}
   *
   * @param name the client
   * @param turns its weight, at least 1
   */
  public Scheduling withClient(String name, int turns) {
    return new Scheduling(priority, name, turns, startWithin);
  }

  /**
   * {@return a copy with a time in which the answer must start}
   *
   * @param time the time, at least 0
   */
  public Scheduling withStartWithin(Duration time) {
    return new Scheduling(priority, client, weight, Optional.of(time));
  }
}

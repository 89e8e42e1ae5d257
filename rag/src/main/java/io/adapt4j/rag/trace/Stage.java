package io.adapt4j.rag.trace;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import java.util.List;

/**
 * A step on the way to an answer.
 *
 * @param name such as {@code search} or {@code generate}
 * @param duration how long it took
 * @param candidates the chunks after it, the best first; empty where a stage has none
 * @param note what else is to be known, such as the expanded questions; may be empty
 */
public record Stage(String name, Duration duration, List<Candidate> candidates, String note) {

  /**
   * Makes a stage with its own copy of the candidates.
   *
   * @param name such as {@code search} or {@code generate}
   * @param duration how long it took
   * @param candidates the chunks after it, the best first; empty where a stage has none
   * @param note what else is to be known, such as the expanded questions; may be empty
   */
  public Stage {
    candidates = List.copyOf(candidates);
  }

  /** {@return how long it took; in JSON {@code milliseconds}} */
  @Override
  @JsonIgnore
  public Duration duration() {
    return duration;
  }

  @JsonProperty("milliseconds")
  double milliseconds() {
    return duration.toNanos() / 1e6;
  }
}

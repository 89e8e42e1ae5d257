package io.adapt4j.rag.trace;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A step on the way to an answer.
 *
 * @param name such as {@code search} or {@code generate}
 * @param duration how long it took
 * @param candidates the scores of the chunks after it by their ids, the best first; empty where a
 *     stage has none. An id is that of the document, a number sign and the number of the chunk;
 *     scores are larger where better, and comparable within the stage only
 * @param note what else is to be known, such as the expanded questions; may be empty
 */
public record Stage(String name, Duration duration, Map<String, Double> candidates, String note) {

  /**
   * Makes a stage with its own copy of the candidates.
   *
   * @param name such as {@code search} or {@code generate}
   * @param duration how long it took
   * @param candidates the scores of the chunks after it by their ids, the best first
   * @param note what else is to be known, such as the expanded questions; may be empty
   */
  public Stage {
    candidates = Collections.unmodifiableMap(new LinkedHashMap<>(candidates));
  }

  /** {@return how long it took; in JSON {@code milliseconds}} */
  @Override
  @JsonIgnore
  public Duration duration() {
    return duration;
  }

  /** {@return the scores of the chunks after it by their ids; in JSON a list of objects} */
  @Override
  @JsonIgnore
  public Map<String, Double> candidates() {
    return candidates;
  }

  /** A chunk in JSON. */
  record Candidate(String chunkId, double score) {}

  @JsonProperty("candidates")
  List<Candidate> candidatesInJson() {
    return candidates.entrySet().stream()
        .map(chunk -> new Candidate(chunk.getKey(), chunk.getValue()))
        .toList();
  }

  @JsonProperty("milliseconds")
  double milliseconds() {
    return duration.toNanos() / 1e6;
  }
}

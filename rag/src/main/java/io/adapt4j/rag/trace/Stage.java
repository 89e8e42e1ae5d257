package io.adapt4j.rag.trace;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A stage of answering.
 *
 * @param name name, such as {@code search} or {@code generate}
 * @param duration its duration
 * @param candidates scores of the remaining chunks by id, best first; empty if a stage has none. An
 *     id consists of the document's id, a number sign and the chunk's number; higher scores are
 *     better, and comparable within the stage only
 * @param note further information, such as the expanded questions; may be empty
 */
public record Stage(String name, Duration duration, Map<String, Double> candidates, String note) {

  /** Creates a stage with its own copy of the candidates. */
  public Stage {
    candidates = Collections.unmodifiableMap(new LinkedHashMap<>(candidates));
  }

  /** {@return its duration; in JSON {@code milliseconds}} */
  @Override
  @JsonIgnore
  public Duration duration() {
    return duration;
  }

  /** {@return the scores of the remaining chunks by id; in JSON a list of objects} */
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

package io.adapt4j.rag.internal.trace;

import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.trace.Stage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** Records the stages of one answer with their times. Not thread-safe. */
public final class StageRecorder {

  private final List<Stage> stages = new ArrayList<>();

  public StageRecorder() {}

  /** Runs a stage that returns hits. */
  public List<Hit> hits(String name, Supplier<List<Hit>> action) {
    return hits(name, action, () -> "");
  }

  /** Runs a stage that returns hits, with a note. */
  public List<Hit> hits(String name, Supplier<List<Hit>> action, Supplier<String> note) {
    long begun = System.nanoTime();
    List<Hit> hits = action.get();
    add(name, begun, scores(hits), note.get());
    return hits;
  }

  /** Runs a stage of another kind. */
  public <T> T run(String name, Supplier<T> action, Function<T, String> note) {
    long begun = System.nanoTime();
    T result = action.get();
    add(name, begun, Map.of(), note.apply(result));
    return result;
  }

  private void add(String name, long begun, Map<String, Double> candidates, String note) {
    stages.add(new Stage(name, Duration.ofNanos(System.nanoTime() - begun), candidates, note));
  }

  private static Map<String, Double> scores(List<Hit> hits) {
    Map<String, Double> scores = new LinkedHashMap<>();
    hits.forEach(hit -> scores.putIfAbsent(hit.chunk().id(), hit.score()));
    return scores;
  }

  /** {@return the stages so far} */
  public List<Stage> stages() {
    return List.copyOf(stages);
  }
}

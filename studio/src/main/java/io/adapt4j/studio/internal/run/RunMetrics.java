package io.adapt4j.studio.internal.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.LineChart.Point;
import io.adapt4j.core.monitor.TrainingListeners;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Metrics of a run's file, read as far as it is written: each call reads only what is new. Curves
 * are thinned, so that a long run takes no more memory than a short one.
 */
public final class RunMetrics {

  private static final int MOST_POINTS = 1000;
  private static final int MOST_WARNINGS = 50;
  private static final int PIECE = 1 << 20;

  private final Path file;
  private long offset;
  private final Map<String, List<Point>> curves = new LinkedHashMap<>();
  private final List<String> warnings = new ArrayList<>();
  private JsonNode started = Json.written("{}");
  private JsonNode step = Json.written("{}");
  private JsonNode evaluation = Json.written("{}");
  private String ended = "";

  public RunMetrics(Path output) {
    this.file = output.resolve(TrainingListeners.METRICS);
  }

  /** Reads what was written since. */
  public synchronized void read() throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() < offset) {
        clear();
      }
      while (readPiece(channel)) {}
    }
  }

  private void clear() {
    offset = 0;
    curves.clear();
    warnings.clear();
    ended = "";
  }

  /** Reads the whole lines of a piece; returns whether there were any. */
  private boolean readPiece(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(PIECE, channel.size() - offset));
    while (bytes.hasRemaining() && channel.read(bytes, offset + bytes.position()) > 0) {}
    int end = bytes.position();
    while (end > 0 && bytes.get(end - 1) != '\n') {
      end--;
    }
    String text = new String(bytes.array(), 0, end, StandardCharsets.UTF_8);
    text.lines().forEach(this::take);
    offset += end;
    return end > 0;
  }

  private void take(String line) {
    JsonNode json;
    try {
      json = Json.parse(line);
    } catch (JsonProcessingException e) {
      // A line that a power cut has damaged.
      return;
    }
    switch (json.path("event").asText()) {
      case "run_started" -> {
        started = json;
        ended = "";
      }
      case "step" -> takeStep(json);
      case "evaluation" -> {
        evaluation = json;
        add("evaluation", json, "loss");
      }
      case "warning" -> {
        if (warnings.size() < MOST_WARNINGS) {
          warnings.add(
              json.path("step").asInt()
                  + ": "
                  + json.path("message").asText()
                  + " "
                  + json.path("remedy").asText());
        }
      }
      case "run_ended" -> ended = json.path("reason").asText();
      default -> {
        // Checkpoints and skipped steps are in the log.
      }
    }
  }

  private void takeStep(JsonNode json) {
    if (json.path("step").asInt() <= step.path("step").asInt()) {
      rewind(json.path("step").asInt());
    }
    step = json;
    for (String name :
        List.of("loss", "learning_rate", "gradient_norm", "tokens_per_second", "resident_bytes")) {
      add(name, json, name);
    }
  }

  /** A resumed run repeats the steps since its saved state. */
  private void rewind(int to) {
    curves.values().forEach(points -> points.removeIf(point -> point.x() >= to));
  }

  private void add(String name, JsonNode json, String field) {
    JsonNode value = json.path(field);
    if (!value.isNumber()) {
      return;
    }
    List<Point> points = curves.computeIfAbsent(name, key -> new ArrayList<>());
    double number = value.asDouble();
    points.add(new Point(json.path("step").asInt(), number, number, number));
    if (points.size() > MOST_POINTS) {
      thin(points);
    }
  }

  /** Joins neighbors, with the range of their values. */
  private static void thin(List<Point> points) {
    List<Point> half = new ArrayList<>();
    for (int i = 0; i + 1 < points.size(); i += 2) {
      Point a = points.get(i);
      Point b = points.get(i + 1);
      half.add(
          new Point(
              b.x(),
              (a.y() + b.y()) / 2,
              Math.min(a.low(), b.low()),
              Math.max(a.high(), b.high())));
    }
    if (points.size() % 2 == 1) {
      half.add(points.get(points.size() - 1));
    }
    points.clear();
    points.addAll(half);
  }

  public synchronized List<Point> curve(String name) {
    return List.copyOf(curves.getOrDefault(name, List.of()));
  }

  public synchronized List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** Returns the report of the last step. */
  public synchronized JsonNode step() {
    return step;
  }

  /** Returns the report of the start. */
  public synchronized JsonNode started() {
    return started;
  }

  /** Returns the report of the last evaluation. */
  public synchronized JsonNode evaluation() {
    return evaluation;
  }

  /** Why the run has ended; empty while it has not said. */
  public synchronized String endedBecause() {
    return ended;
  }
}

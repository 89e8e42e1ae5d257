package io.adapt4j.core.monitor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResourceUse;
import io.adapt4j.core.train.SkippedStep;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replays the events of a {@link JsonlMetricsLog} to a listener. Lines that are not those of such a
 * log, for example of another version, are skipped.
 */
record MetricsHistory(TrainingListener listener, int lastStep) {

  private static final Logger LOG = LoggerFactory.getLogger(MetricsHistory.class);

  /** Replays the events up to a step, in the order of the file, without starts and ends. */
  static void replay(Path file, int lastStep, TrainingListener listener) throws IOException {
    MetricsHistory history = new MetricsHistory(listener, lastStep);
    // Bytes that are not UTF-8 damage only their own line.
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        try {
          history.tell(Json.parse(line));
        } catch (JsonProcessingException | InvalidPathException e) {
          LOG.debug("a line of {} is passed over: {}", file, e.getMessage());
        }
      }
    }
  }

  private void tell(JsonNode json) {
    if (json.path("step").asInt(Integer.MAX_VALUE) > lastStep) {
      return;
    }
    switch (json.path("event").asText()) {
      case "step" -> listener.step(step(json));
      case "evaluation" -> listener.evaluated(evaluation(json));
      case "checkpoint" ->
          listener.checkpointSaved(
              new CheckpointEvent(
                  json.path("step").asInt(),
                  Path.of(json.path("path").asText()),
                  json.path("best").asBoolean()));
      case "skipped" -> listener.skipped(skipped(json));
      case "warning" -> warn(json);
      default -> {
        // Starts and ends of runs.
      }
    }
  }

  private static StepEvent step(JsonNode json) {
    long targets = json.path("target_tokens").asLong();
    double targetsPerSecond = number(json, "target_tokens_per_second");
    double seconds = targetsPerSecond > 0 ? targets / targetsPerSecond : 0;
    return new StepEvent(
        json.path("step").asInt(),
        json.path("total_steps").asInt(),
        number(json, "epoch"),
        number(json, "loss"),
        number(json, "learning_rate"),
        number(json, "gradient_norm"),
        number(json, "tokens_per_second"),
        targets,
        seconds(json.path("elapsed_seconds").asDouble()),
        json.path("remaining_seconds").isNumber()
            ? seconds(json.path("remaining_seconds").asDouble())
            : StepEvent.UNKNOWN_TIME,
        json.path("penalty").asDouble(),
        seconds(seconds),
        new ResourceUse(
            bytes(json.path("heap_bytes")),
            bytes(json.path("resident_bytes")),
            json.path("processor_share").isNumber()
                ? OptionalDouble.of(json.path("processor_share").asDouble())
                : OptionalDouble.empty()),
        metrics(json));
  }

  private static Map<String, Double> metrics(JsonNode json) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    json.path("metrics")
        .fieldNames()
        .forEachRemaining(name -> metrics.put(name, number(json.path("metrics"), name)));
    return metrics;
  }

  private static EvaluationEvent evaluation(JsonNode json) {
    return new EvaluationEvent(
        json.path("step").asInt(),
        number(json, "loss"),
        number(json, "perplexity"),
        json.path("best").asBoolean(),
        metrics(json));
  }

  private static SkippedStep skipped(JsonNode json) {
    return new SkippedStep(
        json.path("step").asInt(),
        json.path("total_steps").asInt(),
        json.path("reason").asText(),
        number(json, "loss"),
        number(json, "gradient_norm"),
        json.path("consecutive").asInt());
  }

  private void warn(JsonNode json) {
    for (TrainingWarning.Kind kind : TrainingWarning.Kind.values()) {
      if (kind.name().equals(json.path("kind").asText())) {
        listener.warned(
            new TrainingWarning(
                kind,
                json.path("step").asInt(),
                json.path("message").asText(),
                json.path("remedy").asText()));
      }
    }
  }

  private static double number(JsonNode json, String name) {
    return json.path(name).asDouble(Double.NaN);
  }

  private static OptionalLong bytes(JsonNode json) {
    return json.isNumber() ? OptionalLong.of(json.asLong()) : OptionalLong.empty();
  }

  private static Duration seconds(double seconds) {
    return Duration.ofNanos(Math.round(seconds * 1e9));
  }
}

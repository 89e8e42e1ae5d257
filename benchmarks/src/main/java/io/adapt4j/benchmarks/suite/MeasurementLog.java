package io.adapt4j.benchmarks.suite;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Passes the measurements of a program in a separate process to its parent: one JSON object per
 * line.
 */
public final class MeasurementLog {

  /** System property for the file; without it, measurements are only printed. */
  static final String PROPERTY = "adapt4j.benchmarks.figures";

  private static final ObjectMapper JSON = new ObjectMapper();

  private MeasurementLog() {}

  /** Adds measurements, if a file is set. */
  public static void add(List<Measurement> figures) {
    String file = System.getProperty(PROPERTY);
    if (file == null) {
      return;
    }
    StringBuilder lines = new StringBuilder();
    figures.forEach(figure -> lines.append(json(figure)).append('\n'));
    try {
      Files.writeString(Path.of(file), lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException("Writing the figures to " + file + " failed", e);
    }
  }

  /** Reads the measurements that a program added, if any. */
  static List<Measurement> read(Path file) throws IOException {
    List<Measurement> figures = new ArrayList<>();
    if (Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        figures.add(figure(JSON.readTree(line)));
      }
    }
    return figures;
  }

  static ObjectNode json(Measurement figure) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("name", figure.name())
            .put("unit", figure.unit())
            .put("value", figure.value());
    figure.error().ifPresent(error -> json.put("error", error));
    json.put("larger_is_better", figure.largerIsBetter()).put("ratio", figure.ratio());
    figure.target().ifPresent(target -> json.put("target", target));
    if (!figure.label().isEmpty()) {
      json.put("label", figure.label());
    }
    return json;
  }

  private static Measurement figure(JsonNode json) {
    return new Measurement(
        json.get("name").asText(),
        json.get("unit").asText(),
        json.get("value").asDouble(),
        number(json, "error"),
        json.get("larger_is_better").asBoolean(),
        json.get("ratio").asBoolean(),
        number(json, "target"),
        json.path("label").asText());
  }

  private static OptionalDouble number(JsonNode json, String field) {
    return json.has(field) ? OptionalDouble.of(json.get(field).asDouble()) : OptionalDouble.empty();
  }
}

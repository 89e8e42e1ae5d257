package io.adapt4j.benchmarks.harness;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Passes a program's measurements to the process that started it: one JSON object per line. */
final class MeasurementLog {

  /** System property for the file; without it, measurements are only printed. */
  static final String PROPERTY = "adapt4j.benchmarks.figures";

  static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .defaultPropertyInclusion(
              JsonInclude.Value.empty().withValueInclusion(JsonInclude.Include.NON_NULL))
          .build();

  private MeasurementLog() {}

  static void add(List<Measurement> figures) {
    String file = System.getProperty(PROPERTY);
    if (file == null) {
      return;
    }
    try {
      for (Measurement figure : figures) {
        Files.writeString(
            Path.of(file),
            JSON.writeValueAsString(figure) + "\n",
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Writing the figures to " + file + " failed", e);
    }
  }

  /** Reads the measurements that a program added, if any. */
  static List<Measurement> read(Path file) throws IOException {
    List<Measurement> figures = new ArrayList<>();
    if (Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        figures.add(JSON.readValue(line, Measurement.class));
      }
    }
    return figures;
  }
}

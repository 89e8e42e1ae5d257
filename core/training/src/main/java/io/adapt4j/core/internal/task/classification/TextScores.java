package io.adapt4j.core.internal.task.classification;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.data.TextBatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Accumulated scores of an evaluation. */
abstract sealed class TextScores permits ClassScoring, LabelScoring, NumberScoring {

  static final String TEXT_FILE = "evaluation.txt";
  static final String JSON_FILE = "evaluation.json";

  /** Adds the logits of a batch, one row per target. */
  abstract void add(TextBatch batch, float[] logits);

  abstract void fill(Map<String, Double> metrics);

  /** Returns a detailed text report; empty if the metrics are complete. */
  abstract String text();

  abstract void json(ObjectNode into);

  final Map<String, Double> metrics() {
    Map<String, Double> metrics = new LinkedHashMap<>();
    fill(metrics);
    return metrics;
  }

  /** Writes the report of the evaluation, as text and as JSON. */
  final void write(Path output) {
    StringBuilder text = new StringBuilder();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ObjectNode values = json.putObject("metrics");
    metrics()
        .forEach(
            (name, value) -> {
              text.append(String.format(Locale.ROOT, "%s %.4f%n", name, value));
              values.put(name, value);
            });
    text.append(System.lineSeparator()).append(text());
    json(json);
    try {
      AtomicFiles.writeText(output.resolve(TEXT_FILE), text.toString());
      AtomicFiles.writeJson(output.resolve(JSON_FILE), json);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Writing the evaluation report into %s failed: %s."
              .formatted(output, WriteFailure.explain(output, e)),
          e);
    }
  }
}

package io.adapt4j.core.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.WriteFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Values of the objective at each evaluation of a trial, written immediately to a file next to its
 * checkpoints.
 */
final class TrialScores {

  private static final String FILE = "scores.json";

  private final Path file;
  private final Objective objective;
  private final TreeMap<Integer, Double> byStep = new TreeMap<>();
  private double seconds;

  private TrialScores(Path file, Objective objective) {
    this.file = file;
    this.objective = objective;
  }

  /** Opens the stored values of a trial. */
  static TrialScores open(Path trial, Objective objective) {
    TrialScores scores = new TrialScores(trial.resolve(FILE), objective);
    if (Files.exists(scores.file)) {
      try {
        scores.read(CheckedJson.read(scores.file).json());
      } catch (IOException | IllegalArgumentException e) {
        throw new SearchException(
            "%s is damaged: %s. Delete the folder %s to run that trial from its beginning"
                .formatted(scores.file, e.getMessage(), trial),
            e);
      }
    }
    return scores;
  }

  private void read(JsonNode json) {
    if (!json.path("values").isObject() || !json.path("seconds").isNumber()) {
      throw new IllegalArgumentException("it has no values or no seconds");
    }
    json.path("values")
        .properties()
        .forEach(
            property ->
                byStep.put(Integer.parseInt(property.getKey()), property.getValue().doubleValue()));
    seconds = json.path("seconds").doubleValue();
  }

  /** Drops the values after the state that a run resumes from. */
  void forgetAfter(int step) {
    byStep.tailMap(step, false).clear();
  }

  void clear() {
    byStep.clear();
  }

  void add(int step, double value) {
    byStep.put(step, value);
    store();
  }

  void spend(double more) {
    seconds += more;
    store();
  }

  private void store() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("seconds", seconds);
    ObjectNode values = json.putObject("values");
    byStep.forEach((step, value) -> values.put(String.valueOf(step), value));
    try {
      CheckedJson.write(file, json);
    } catch (IOException e) {
      throw new SearchException(file + " cannot be written: " + WriteFailure.explain(file, e), e);
    }
  }

  int lastStep() {
    return byStep.isEmpty() ? 0 : byStep.lastKey();
  }

  double seconds() {
    return seconds;
  }

  /** Returns the step and value of the best evaluation; step 0 and NaN if none has a value. */
  Map.Entry<Integer, Double> best() {
    Map.Entry<Integer, Double> best = Map.entry(0, Double.NaN);
    for (Map.Entry<Integer, Double> entry : byStep.entrySet()) {
      if (Double.isFinite(entry.getValue())
          && objective.isBetter(entry.getValue(), best.getValue())) {
        best = Map.entry(entry.getKey(), entry.getValue());
      }
    }
    return best;
  }
}

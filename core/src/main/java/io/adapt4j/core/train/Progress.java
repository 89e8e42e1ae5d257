package io.adapt4j.core.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * How far a run has come: everything that decides how it goes on, apart from tensors. Losses are
 * stored as text, which keeps every bit and NaN.
 *
 * @param steps optimizer steps performed, those skipped included
 * @param applied optimizer steps performed, those skipped left out
 * @param skippedInARow steps skipped since the last that was applied
 * @param firstLoss loss of the first step
 * @param lastLoss loss of the newest step
 * @param initialValidation validation loss before the first step
 * @param initialMetrics what the task measured before the first step
 * @param bestValidation the lowest validation loss
 * @param bestStep the step it was reached at
 * @param bestMetrics what the task measured there
 * @param patience state of early stopping
 * @param savedAt the step of the checkpoint in {@code last}; -1 if there is none
 */
record Progress(
    int steps,
    int applied,
    int skippedInARow,
    double firstLoss,
    double lastLoss,
    OptionalDouble initialValidation,
    Map<String, Double> initialMetrics,
    OptionalDouble bestValidation,
    OptionalInt bestStep,
    Map<String, Double> bestMetrics,
    Optional<EarlyStopping> patience,
    int savedAt) {

  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("steps", steps);
    json.put("applied", applied);
    json.put("skippedInARow", skippedInARow);
    json.put("firstLoss", Double.toString(firstLoss));
    json.put("lastLoss", Double.toString(lastLoss));
    put(json, "initialValidation", initialValidation);
    put(json, "bestValidation", bestValidation);
    bestStep.ifPresent(step -> json.put("bestStep", step));
    put(json, "initialMetrics", initialMetrics);
    put(json, "bestMetrics", bestMetrics);
    patience.ifPresent(
        one -> {
          json.put("patienceBest", Double.toString(one.best()));
          json.put("staleEvaluations", one.staleEvaluations());
        });
    json.put("savedAt", savedAt);
    return json;
  }

  private static void put(ObjectNode json, String name, Map<String, Double> values) {
    if (!values.isEmpty()) {
      ObjectNode metrics = json.putObject(name);
      values.forEach((metric, value) -> metrics.put(metric, Double.toString(value)));
    }
  }

  private static void put(ObjectNode json, String name, OptionalDouble value) {
    value.ifPresent(number -> json.put(name, Double.toString(number)));
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @param rules the patience of the run, whose state is replaced by the stored one
   */
  static Progress of(JsonNode json, Optional<EarlyStopping> rules) {
    return new Progress(
        json.path("steps").asInt(),
        json.path("applied").asInt(),
        json.path("skippedInARow").asInt(),
        number(json, "firstLoss").orElse(Double.NaN),
        number(json, "lastLoss").orElse(Double.NaN),
        number(json, "initialValidation"),
        metrics(json.path("initialMetrics")),
        number(json, "bestValidation"),
        json.has("bestStep") ? OptionalInt.of(json.get("bestStep").asInt()) : OptionalInt.empty(),
        metrics(json.path("bestMetrics")),
        rules.map(
            one ->
                new EarlyStopping(
                    one.patience(),
                    one.minDelta(),
                    number(json, "patienceBest").orElse(Double.POSITIVE_INFINITY),
                    json.path("staleEvaluations").asInt())),
        json.path("savedAt").asInt(-1));
  }

  private static Map<String, Double> metrics(JsonNode json) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    json.properties()
        .forEach(one -> metrics.put(one.getKey(), Double.parseDouble(one.getValue().asText())));
    return metrics;
  }

  private static OptionalDouble number(JsonNode json, String name) {
    return json.has(name)
        ? OptionalDouble.of(Double.parseDouble(json.get(name).asText()))
        : OptionalDouble.empty();
  }
}

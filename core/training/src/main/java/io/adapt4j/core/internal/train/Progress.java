package io.adapt4j.core.internal.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Progress of a run: everything needed to resume it apart from tensors. Losses are stored as
 * strings, which preserves every bit and NaN.
 *
 * @param savedAt the step of the checkpoint in {@code last}; -1 if there is none
 */
record Progress(
    int steps,
    int applied,
    int skippedInARow,
    double firstLoss,
    RecentLosses recentLosses,
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
    json.put("lastLoss", Double.toString(recentLosses.mean(steps)));
    json.set("recentLosses", recentLosses.json());
    put(json, "initialValidation", initialValidation);
    put(json, "bestValidation", bestValidation);
    json.put("bestStep", bestStep.isPresent() ? bestStep.getAsInt() : null);
    put(json, "initialMetrics", initialMetrics);
    put(json, "bestMetrics", bestMetrics);
    patience.ifPresent(
        earlyStopping -> {
          json.put("patienceBest", Double.toString(earlyStopping.best()));
          json.put("staleEvaluations", earlyStopping.staleEvaluations());
        });
    json.put("savedAt", savedAt);
    return json;
  }

  private static void put(ObjectNode json, String name, Map<String, Double> values) {
    ObjectNode metrics = json.putObject(name);
    values.forEach((metric, value) -> metrics.put(metric, Double.toString(value)));
  }

  private static void put(ObjectNode json, String name, OptionalDouble value) {
    json.put(name, value.isPresent() ? Double.toString(value.getAsDouble()) : null);
  }

  /**
   * Reads the JSON of {@link #toJson}. Missing or mistyped fields are errors, not replaced by
   * defaults.
   */
  static Progress of(JsonNode json, boolean sparse, Optional<EarlyStopping> rules) {
    return new Progress(
        whole(json, "steps"),
        whole(json, "applied"),
        whole(json, "skippedInARow"),
        number(json, "firstLoss"),
        recent(json),
        optional(json, "initialValidation", sparse),
        metrics(json, "initialMetrics", sparse),
        optional(json, "bestValidation", sparse),
        isNone(json, "bestStep", sparse)
            ? OptionalInt.empty()
            : OptionalInt.of(whole(json, "bestStep")),
        metrics(json, "bestMetrics", sparse),
        rules.map(
            rule ->
                new EarlyStopping(
                    rule.patience(),
                    rule.minDelta(),
                    number(json, "patienceBest"),
                    whole(json, "staleEvaluations"))),
        whole(json, "savedAt"));
  }

  /** Reads recent losses; states of earlier builds have the last loss only. */
  private static RecentLosses recent(JsonNode json) {
    double last = number(json, "lastLoss");
    return json.has("recentLosses")
        ? RecentLosses.of(json.get("recentLosses"))
        : RecentLosses.NONE.with(last, 1);
  }

  private static Map<String, Double> metrics(JsonNode json, String name, boolean sparse) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    if (isNone(json, name, sparse)) {
      return metrics;
    }
    JsonNode stored = field(json, name);
    if (!stored.isObject()) {
      throw unreadable(name, stored);
    }
    stored
        .properties()
        .forEach(property -> metrics.put(property.getKey(), number(stored, property.getKey())));
    return metrics;
  }

  private static boolean isNone(JsonNode json, String name, boolean sparse) {
    return sparse ? !json.has(name) : field(json, name).isNull();
  }

  private static OptionalDouble optional(JsonNode json, String name, boolean sparse) {
    return isNone(json, name, sparse)
        ? OptionalDouble.empty()
        : OptionalDouble.of(number(json, name));
  }

  private static double number(JsonNode json, String name) {
    JsonNode value = field(json, name);
    if (!value.isTextual()) {
      throw unreadable(name, value);
    }
    try {
      return Double.parseDouble(value.textValue());
    } catch (NumberFormatException e) {
      throw unreadable(name, value);
    }
  }

  private static int whole(JsonNode json, String name) {
    JsonNode value = field(json, name);
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw unreadable(name, value);
    }
    return value.intValue();
  }

  private static JsonNode field(JsonNode json, String name) {
    JsonNode value = json.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the field '" + name + "' is missing");
    }
    return value;
  }

  private static IllegalArgumentException unreadable(String name, JsonNode value) {
    return new IllegalArgumentException(
        "the field '" + name + "' has the unexpected value " + value);
  }
}

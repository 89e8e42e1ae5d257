package io.adapt4j.core.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Converts results to and from JSON. */
final class ResultJson {

  private ResultJson() {}

  static ObjectNode write(TrialResult result) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("trial", result.trial().number());
    ObjectNode settings = json.putObject("settings");
    result.trial().settings().forEach((name, value) -> put(settings, name, value));
    json.put("rung", result.rung());
    json.put("steps", result.steps());
    if (!result.failed()) {
      json.put("value", result.value());
      json.put("bestStep", result.bestStep());
    }
    json.put("seconds", result.seconds());
    result.failure().ifPresent(reason -> json.put("failure", reason));
    return json;
  }

  private static void put(ObjectNode json, String name, Object value) {
    if (value instanceof Double number) {
      json.put(name, number);
    } else if (value instanceof Long number) {
      json.put(name, number);
    } else {
      json.put(name, value.toString());
    }
  }

  /** Reads a result; all fields are required. */
  static TrialResult read(JsonNode json) {
    Map<String, Object> settings = new LinkedHashMap<>();
    field(json, "settings")
        .properties()
        .forEach(property -> settings.put(property.getKey(), value(property.getValue())));
    Optional<String> failure = Optional.ofNullable(json.path("failure").textValue());
    return new TrialResult(
        new Trial(field(json, "trial").intValue(), settings),
        field(json, "rung").intValue(),
        field(json, "steps").intValue(),
        failure.isPresent() ? Double.NaN : field(json, "value").doubleValue(),
        failure.isPresent() ? 0 : field(json, "bestStep").intValue(),
        field(json, "seconds").doubleValue(),
        failure);
  }

  private static JsonNode field(JsonNode json, String name) {
    if (!json.has(name)) {
      throw new IllegalArgumentException("no field '" + name + "'");
    }
    return json.get(name);
  }

  private static Object value(JsonNode json) {
    if (json.isTextual()) {
      return json.textValue();
    }
    return json.isIntegralNumber() ? (Object) json.longValue() : (Object) json.doubleValue();
  }
}

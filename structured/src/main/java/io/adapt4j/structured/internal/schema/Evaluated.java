package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Properties that a schema and its in-place applicators evaluate. With them {@code
 * unevaluatedProperties} is {@code additionalProperties} of each alternative.
 */
final class Evaluated {

  private Evaluated() {}

  /** Adds to each alternative the schema of all properties that it does not evaluate. */
  static List<Set<Part>> only(Part part, List<Set<Part>> alternatives) {
    JsonNode rest = part.get("unevaluatedProperties");
    if (rest.isBoolean() && rest.booleanValue()) {
      return alternatives;
    }
    Set<Set<Part>> all = new LinkedHashSet<>();
    for (Set<Part> parts : alternatives) {
      Set<Part> more = new LinkedHashSet<>(parts);
      if (parts.stream().noneMatch(each -> evaluatesAll(each, part))) {
        more.add(part.derived(schema(parts, rest), "unevaluatedProperties"));
      }
      all.add(more);
    }
    return List.copyOf(all);
  }

  /**
   * Returns whether a schema evaluates all properties that another one applied to the same object
   * does.
   */
  private static boolean evaluatesAll(Part part, Part asking) {
    return !part.isDerived()
        && (part.has("additionalProperties")
            || (!part.equals(asking) && part.has("unevaluatedProperties")));
  }

  private static ObjectNode schema(Set<Part> parts, JsonNode rest) {
    ObjectNode schema = JsonNodeFactory.instance.objectNode();
    ObjectNode names = schema.putObject("properties");
    ObjectNode patterns = schema.putObject("patternProperties");
    for (Part part : parts) {
      if (!part.isDerived()) {
        for (Map.Entry<String, JsonNode> field : part.get("properties").properties()) {
          names.put(field.getKey(), true);
        }
        for (Map.Entry<String, JsonNode> field : part.get("patternProperties").properties()) {
          patterns.put(field.getKey(), true);
        }
      }
    }
    schema.set("additionalProperties", rest);
    return schema;
  }
}

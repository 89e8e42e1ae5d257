package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Subschemas that apply to a part of a value to which some schemas apply. */
final class Children {

  private Children() {}

  /** Returns the schemas that apply to a property. */
  static List<Part> ofProperty(List<Part> parts, String name) {
    List<Part> all = new ArrayList<>();
    for (Part part : parts) {
      boolean named = false;
      if (part.get("properties").has(name)) {
        all.add(part.child(part.get("properties").get(name), "properties", name));
        named = true;
      }
      for (Map.Entry<String, JsonNode> pattern : part.get("patternProperties").properties()) {
        if (matches(part, pattern.getKey(), name)) {
          all.add(part.child(pattern.getValue(), "patternProperties", pattern.getKey()));
          named = true;
        }
      }
      if (!named && part.has("additionalProperties")) {
        all.add(part.child("additionalProperties"));
      }
    }
    return all;
  }

  private static boolean matches(Part part, String pattern, String name) {
    return part.compilation().automaton(part, "patternProperties", pattern).accepts(name);
  }

  /** Schemas of the first elements; before draft 2020-12 they were in {@code items}. */
  static List<Part> tuple(Part part) {
    String keyword = part.has("prefixItems") ? "prefixItems" : "items";
    JsonNode list = part.get(keyword);
    return list.isArray() && !list.isEmpty() ? part.children(keyword) : List.of();
  }

  /** Number of elements that must conform to {@code contains}. */
  static int contained(Part part) {
    if (!part.has("contains")) {
      return 0;
    }
    return part.replacing() ? 1 : StringTexts.count(part, "minContains", 1);
  }

  /** Returns the schemas that apply to an element. */
  static List<Part> ofElement(List<Part> parts, int index) {
    List<Part> all = new ArrayList<>();
    for (Part part : parts) {
      List<Part> tuple = tuple(part);
      if (index < tuple.size()) {
        all.add(tuple.get(index));
      } else if (part.get("items").isArray()) {
        if (part.has("additionalItems")) {
          all.add(part.child("additionalItems"));
        }
      } else if (part.has("items")) {
        all.add(part.child("items"));
      }
    }
    return all;
  }
}

package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.limit.Budget;
import java.util.Map;
import java.util.TreeMap;

/** A value listed by a schema. */
record Instance(JsonNode value, String identity) {

  /** Creates an instance from a keyword's value, whose numbers are checked. */
  static Instance of(Place at, String keyword, JsonNode value) {
    if (value.isTextual()) {
      Budget.current().step(2 + value.textValue().length() / 8);
      return new Instance(value, quoted(value.textValue()));
    }
    StringBuilder identity = new StringBuilder();
    add(at, keyword, value, identity);
    Budget.current().step(4 + identity.length() / 4);
    return new Instance(value, identity.toString());
  }

  private static void add(Place at, String keyword, JsonNode value, StringBuilder to) {
    if (value.isNumber()) {
      to.append(Digits.checked(at, keyword, value).stripTrailingZeros());
    } else if (value.isTextual()) {
      to.append(quoted(value.textValue()));
    } else if (value.isArray()) {
      to.append('[');
      for (JsonNode element : value) {
        add(at, keyword, element, to);
        to.append(',');
      }
      to.append(']');
    } else if (value.isObject()) {
      Map<String, JsonNode> sorted = new TreeMap<>();
      value.properties().forEach(field -> sorted.put(field.getKey(), field.getValue()));
      to.append('{');
      for (Map.Entry<String, JsonNode> field : sorted.entrySet()) {
        to.append(quoted(field.getKey())).append(':');
        add(at, keyword, field.getValue(), to);
        to.append(',');
      }
      to.append('}');
    } else {
      to.append(value);
    }
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}

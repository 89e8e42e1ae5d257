package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.function.Function;

/** Converts rows to examples. */
@FunctionalInterface
interface ExampleReader {

  Example read(ObjectNode row) throws RowProblem;

  /** Renames fields; a renamed field replaces an existing one of that name. */
  static ObjectNode renamed(ObjectNode row, Map<String, String> names) {
    if (names.isEmpty()) {
      return row;
    }
    ObjectNode renamed = row.objectNode();
    row.properties()
        .forEach(
            field -> {
              if (!names.containsKey(field.getKey()) && !names.containsValue(field.getKey())) {
                renamed.set(field.getKey(), field.getValue());
              }
            });
    names.forEach(
        (from, to) -> {
          JsonNode value = row.get(from);
          if (value != null) {
            renamed.set(to, value);
          } else if (row.has(to)) {
            renamed.set(to, row.get(to));
          }
        });
    return renamed;
  }

  /** Returns a reader that applies a user-defined function. */
  static ExampleReader of(Function<Row, ? extends Example> function) {
    return row -> {
      Example example;
      try {
        example = function.apply(new Row(row));
      } catch (RuntimeException e) {
        throw new RowProblem("the function that reads rows failed: " + e.getMessage());
      }
      if (example == null) {
        throw new RowProblem("the function that reads rows gave null, expected an example.");
      }
      return example;
    };
  }
}

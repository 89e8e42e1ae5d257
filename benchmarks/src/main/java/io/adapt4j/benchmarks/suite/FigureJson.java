package io.adapt4j.benchmarks.suite;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import java.util.Optional;
import java.util.OptionalDouble;

/** Figures as JSON. */
final class FigureJson {

  private FigureJson() {}

  static ObjectNode write(Figure figure) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("name", figure.name())
            .put("unit", figure.unit())
            .put("value", figure.value());
    figure.error().ifPresent(error -> json.put("error", error));
    json.put("larger_is_better", figure.largerIsBetter()).put("ratio", figure.ratio());
    figure.target().ifPresent(target -> json.put("target", target));
    if (!figure.label().isEmpty()) {
      json.put("label", figure.label());
    }
    return json;
  }

  /** Reads a figure; what is missing is a problem of the fields. */
  static Optional<Figure> read(Fields fields) {
    for (String key : new String[] {"name", "value", "larger_is_better"}) {
      fields.require(key, "A figure needs it.");
    }
    Optional<String> name = fields.text("name").filter(text -> !text.isBlank());
    Optional<Double> value = fields.number("value", "", number -> true);
    OptionalDouble error = number(fields, "error");
    OptionalDouble target = number(fields, "target");
    String unit = fields.text("unit").orElse("");
    boolean larger = fields.flag("larger_is_better").orElse(true);
    boolean ratio = fields.flag("ratio").orElse(false);
    String label = fields.text("label").orElse("");
    fields.finish();
    if (name.isEmpty() || value.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Figure(name.get(), unit, value.get(), error, larger, ratio, target, label));
  }

  private static OptionalDouble number(Fields fields, String key) {
    boolean error = key.equals("error");
    return fields
        .number(key, error ? "of at least 0" : "", number -> !error || number >= 0)
        .map(OptionalDouble::of)
        .orElse(OptionalDouble.empty());
  }
}

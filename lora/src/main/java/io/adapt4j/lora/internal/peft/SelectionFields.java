package io.adapt4j.lora.internal.peft;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ConfigReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The fields of {@code adapter_config.json} that select the adapted modules. */
public final class SelectionFields {

  private SelectionFields() {}

  public static Selection read(ConfigReader fields) {
    List<String> parameters = fields.texts("target_parameters");
    Optional<PeftTargets> named = PeftTargets.read(fields, "target_modules");
    PeftTargets targets =
        named
            .or(() -> parameters.isEmpty() ? Optional.empty() : Optional.of(Selection.NO_MODULE))
            .orElseThrow(
                () ->
                    fields.invalid(
                        "target_modules",
                        "a list of module names or a regular expression",
                        "Name the modules the adapter was trained on."));
    List<Integer> layers = layers(fields);
    boolean expression = named.flatMap(PeftTargets::expression).isPresent();
    if (expression && !layers.isEmpty()) {
      throw fields.invalid(
          "layers_to_transform",
          "null beside a target_modules that is a regular expression",
          "Put the layers into the expression.");
    }
    return new Selection(
        targets,
        PeftTargets.read(fields, "exclude_modules"),
        layers,
        pattern(fields),
        parameters,
        true);
  }

  private static List<Integer> layers(ConfigReader fields) {
    JsonNode value = fields.json().path("layers_to_transform");
    List<Integer> layers = new ArrayList<>();
    if (value.isArray()) {
      value.forEach(node -> layers.add(layer(fields, node)));
    } else if (!value.isMissingNode() && !value.isNull()) {
      layers.add(layer(fields, value));
    }
    return layers;
  }

  private static int layer(ConfigReader fields, JsonNode value) {
    if (!value.isIntegralNumber() || value.intValue() < 0) {
      throw fields.invalid(
          "layers_to_transform", "layer numbers from 0, or null", "Correct the field.");
    }
    return value.intValue();
  }

  private static List<String> pattern(ConfigReader fields) {
    JsonNode value = fields.json().path("layers_pattern");
    List<String> pattern =
        value.isTextual() && !value.textValue().isEmpty()
            ? List.of(value.textValue())
            : value.isArray() ? fields.texts("layers_pattern") : List.of();
    for (String text : pattern) {
      try {
        Pattern.compile(text);
      } catch (PatternSyntaxException e) {
        throw new CheckpointException(
            fields.file() + ": layers_pattern: expected regular expressions: " + e.getMessage(), e);
      }
    }
    return pattern;
  }
}

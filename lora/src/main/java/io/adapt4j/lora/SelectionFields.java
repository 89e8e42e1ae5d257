package io.adapt4j.lora;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.lora.internal.peft.ExpertNames;
import io.adapt4j.lora.internal.peft.ExpertParameters;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/** The fields of {@code adapter_config.json} that select the adapted modules. */
final class SelectionFields {

  /** Target lists at least this long are condensed to module names, as PEFT does. */
  private static final int LONG_TARGET_LIST = 20;

  private SelectionFields() {}

  static Selection read(ConfigReader fields) {
    List<String> parameters = fields.texts("target_parameters");
    Targets targets =
        targets(fields, "target_modules")
            .or(() -> parameters.isEmpty() ? Optional.empty() : Optional.of(Selection.NO_MODULE))
            .orElseThrow(
                () ->
                    fields.invalid(
                        "target_modules",
                        "a list of module names or a regular expression",
                        "Name the modules the adapter was trained on."));
    List<Integer> layers = layers(fields);
    boolean expression = targets instanceof Targets.Regex && targets != Selection.NO_MODULE;
    if (expression && !layers.isEmpty()) {
      throw fields.invalid(
          "layers_to_transform",
          "null beside a target_modules that is a regular expression",
          "Put the layers into the expression.");
    }
    return new Selection(
        targets, targets(fields, "exclude_modules"), layers, pattern(fields), parameters, true);
  }

  /** Reads names or an expression; empty if the field is absent or null. */
  static Optional<Targets> targets(ConfigReader fields, String field) {
    JsonNode value = fields.json().path(field);
    try {
      if (value.isTextual()) {
        return Optional.of(
            value.textValue().equalsIgnoreCase("all-linear")
                ? Targets.ALL_LINEAR
                : Targets.regex(value.textValue()));
      }
      if (value.isArray() && !value.isEmpty()) {
        return Optional.of(Targets.names(fields.texts(field).toArray(String[]::new)));
      }
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(fields.file() + ": " + field + ": " + e.getMessage(), e);
    }
    return Optional.empty();
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

  static void write(Map<String, JsonNode> fields, AdapterConfig config, AdapterPlan plan) {
    JsonNode none = JsonNodeFactory.instance.nullNode();
    Selection modules = config.modules();
    if (ExpertTargets.areNeeded(config, plan)) {
      ExpertTargets targets = ExpertTargets.of(config, plan);
      fields.put("target_modules", array(targets.modules()));
      fields.put("target_parameters", array(targets.parameters()));
    } else {
      fields.put("target_modules", modules(modules, plan));
      List<String> parameters = ExpertTargets.parameters(modules, plan);
      fields.put("target_parameters", parameters.isEmpty() ? none : array(parameters));
    }
    fields.put("exclude_modules", modules.excluded().map(SelectionFields::json).orElse(none));
    if (modules.layers().isEmpty()) {
      fields.put("layers_to_transform", none);
      fields.put("layers_pattern", none);
    } else {
      ArrayNode layers = JsonNodeFactory.instance.arrayNode();
      modules.layers().forEach(layers::add);
      fields.put("layers_to_transform", layers);
      fields.put(
          "layers_pattern",
          modules.layersPattern().isEmpty() ? none : array(modules.layersPattern()));
    }
  }

  /** Returns the targets that are modules. */
  private static JsonNode modules(Selection selection, AdapterPlan plan) {
    if (selection.targets().equals(Selection.NO_MODULE)) {
      return array(List.of());
    }
    if (!(selection.targets() instanceof Targets.Names names)) {
      return json(selection.targets(), plan);
    }
    List<String> stacked =
        plan.adapted().stream()
            .flatMap(part -> Stream.of(part.part().path(), part.origin()))
            .filter(ExpertParameters::isStacked)
            .flatMap(
                path ->
                    Stream.of(
                        path, ExpertParameters.parameter(path).replaceFirst("\\.weight$", "")))
            .toList();
    List<String> modules = plan.paths().filter(path -> !ExpertParameters.isStacked(path)).toList();
    return array(
        names.names().stream()
            .filter(name -> isAny(modules, name) || !isAny(stacked, name))
            .toList());
  }

  private static boolean isAny(List<String> paths, String name) {
    return paths.stream().anyMatch(path -> PeftNames.names(path, name));
  }

  /** Returns names or an expression; all linear layers by PEFT's keyword. */
  static JsonNode json(Targets targets) {
    if (targets instanceof Targets.Names names) {
      return array(names.names());
    }
    return JsonNodeFactory.instance.textNode(
        targets instanceof Targets.Regex regex ? regex.expression() : "all-linear");
  }

  private static JsonNode json(Targets targets, AdapterPlan plan) {
    List<String> paths = plan.paths().filter(path -> !ExpertParameters.isStacked(path)).toList();
    if (targets instanceof Targets.Regex && !plan.mixture().modelType().isEmpty()) {
      // PEFT 0.20 expects a list of targets for a mixture.
      return array(paths);
    }
    if (!(targets instanceof Targets.AllLinear)) {
      return json(targets);
    }
    List<String> names = paths.stream().map(ExpertNames::leaf).distinct().toList();
    return array(paths.size() >= LONG_TARGET_LIST && !meansSaved(names, plan) ? names : paths);
  }

  /**
   * Returns whether a name also matches a module that trains in full, which PEFT before 0.15 would
   * adapt.
   */
  private static boolean meansSaved(List<String> names, AdapterPlan plan) {
    return plan.saved().stream()
        .map(PeftNames::module)
        .anyMatch(path -> names.stream().anyMatch(name -> PeftNames.names(path, name)));
  }

  private static ArrayNode array(List<String> texts) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    texts.forEach(array::add);
    return array;
  }
}

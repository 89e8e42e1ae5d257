package io.adapt4j.lora;

import static io.adapt4j.lora.internal.peft.PeftFolder.array;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.lora.internal.peft.ExpertNames;
import io.adapt4j.lora.internal.peft.ExpertParameters;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.peft.PeftTargets;
import io.adapt4j.lora.internal.peft.Selection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The fields of {@code adapter_config.json} that select the modules of a LoRA adapter. */
final class LoraTargetFields {

  /** Target lists at least this long are condensed to module names, as PEFT does. */
  private static final int LONG_TARGET_LIST = 20;

  private LoraTargetFields() {}

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
    fields.put("exclude_modules", modules.excluded().map(PeftTargets::json).orElse(none));
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

  private static JsonNode modules(Selection selection, AdapterPlan plan) {
    if (selection.targets().equals(Selection.NO_MODULE)) {
      return array(List.of());
    }
    if (selection.targets().names().isEmpty()) {
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
        selection.targets().names().stream()
            .filter(name -> isAny(modules, name) || !isAny(stacked, name))
            .toList());
  }

  private static boolean isAny(List<String> paths, String name) {
    return paths.stream().anyMatch(path -> PeftNames.names(path, name));
  }

  private static JsonNode json(PeftTargets targets, AdapterPlan plan) {
    List<String> paths = plan.paths().filter(path -> !ExpertParameters.isStacked(path)).toList();
    if (targets.expression().isPresent() && !plan.mixture().modelType().isEmpty()) {
      // PEFT 0.20 expects a list of targets for a mixture.
      return array(paths);
    }
    if (!targets.isAllLinear()) {
      return targets.json();
    }
    List<String> names = paths.stream().map(ExpertNames::leaf).distinct().toList();
    return array(paths.size() >= LONG_TARGET_LIST && !meansOthers(names, plan) ? names : paths);
  }

  /**
   * Returns whether a name also matches a module that is no projection, or one that trains in full,
   * which PEFT before 0.15 would adapt.
   */
  private static boolean meansOthers(List<String> names, AdapterPlan plan) {
    return Stream.concat(plan.others().stream(), plan.saved().stream().map(PeftNames::module))
        .anyMatch(path -> names.stream().anyMatch(name -> PeftNames.names(path, name)));
  }
}

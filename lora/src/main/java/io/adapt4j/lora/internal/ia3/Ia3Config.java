package io.adapt4j.lora.internal.ia3;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.lora.internal.peft.PeftFolder;
import io.adapt4j.lora.internal.peft.PeftTargets;
import io.adapt4j.lora.internal.peft.Selection;
import io.adapt4j.lora.internal.peft.SelectionFields;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Content of {@code adapter_config.json} for an (IA)3 adapter. */
public record Ia3Config(
    Selection modules,
    Optional<PeftTargets> feedforward,
    List<String> modulesToSave,
    ObjectNode source) {

  /** The {@code peft_type} of its folders. */
  public static final String TYPE = "IA3";

  private static final Set<String> READ =
      Set.of(
          "exclude_modules",
          "feedforward_modules",
          "init_ia3_weights",
          "modules_to_save",
          "peft_type",
          "target_modules",
          "task_type");

  private static final Set<String> WITHOUT_MEANING =
      Set.of(
          "auto_mapping",
          "base_model_name_or_path",
          "fan_in_fan_out",
          "inference_mode",
          "peft_version",
          "revision");

  public static Ia3Config of(PeftTargets targets, Optional<PeftTargets> feedforward) {
    return new Ia3Config(
        Selection.of(targets), feedforward, List.of(), JsonNodeFactory.instance.objectNode());
  }

  public Ia3Config withModulesToSave(List<String> modules) {
    return new Ia3Config(this.modules, feedforward, List.copyOf(modules), source);
  }

  public boolean isFeedforward(String path) {
    return feedforward.isPresent() && feedforward.get().matches(path);
  }

  public static Ia3Config read(Path folder) {
    ConfigReader fields = ConfigReader.read(folder.resolve(PeftFolder.CONFIG));
    PeftFolder.requireType(fields, TYPE);
    PeftFolder.requireTask(fields);
    for (Map.Entry<String, JsonNode> field : fields.json().properties()) {
      String name = field.getKey();
      if (!READ.contains(name)
          && !WITHOUT_MEANING.contains(name)
          && PeftFolder.isSet(field.getValue())) {
        throw fields.invalid(
            name, "null, false or empty", "This option of (IA)3 adapters is not supported.");
      }
    }
    return new Ia3Config(
        SelectionFields.read(fields),
        PeftTargets.read(fields, "feedforward_modules"),
        fields.texts("modules_to_save"),
        fields.json());
  }

  /** Returns the file's content, with PEFT's fields in alphabetical order. */
  public ObjectNode json(Ia3Plan plan, String base) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    Map<String, JsonNode> fields = new TreeMap<>();
    source.properties().forEach(field -> fields.put(field.getKey(), field.getValue()));
    for (String name : Set.of("auto_mapping", "revision")) {
      fields.putIfAbsent(name, nodes.nullNode());
    }
    fields.put("peft_type", nodes.textNode(TYPE));
    fields.put(
        "task_type", plan.taskType().<JsonNode>map(nodes::textNode).orElse(nodes.nullNode()));
    List<String> saved = plan.saved().names();
    fields.put("modules_to_save", saved.isEmpty() ? nodes.nullNode() : PeftFolder.array(saved));
    fields.put("base_model_name_or_path", nodes.textNode(base));
    fields.put("fan_in_fan_out", nodes.booleanNode(plan.fanInFanOut()));
    fields.put("inference_mode", nodes.booleanNode(true));
    fields.put("init_ia3_weights", nodes.booleanNode(true));
    fields.put("target_modules", modules.targets().json());
    fields.put("exclude_modules", optional(modules.excluded()));
    fields.put("feedforward_modules", optional(feedforward));
    ObjectNode json = nodes.objectNode();
    fields.forEach(json::set);
    return json;
  }

  private static JsonNode optional(Optional<PeftTargets> targets) {
    return targets.map(PeftTargets::json).orElse(JsonNodeFactory.instance.nullNode());
  }
}

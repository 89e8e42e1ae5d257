package io.adapt4j.lora.internal.projection;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
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

/** Content of {@code adapter_config.json} for an adapter of one of these kinds. */
public record ProjectionConfig(
    ProjectionKind kind,
    Selection modules,
    List<String> modulesToSave,
    ObjectNode options,
    ObjectNode source,
    Optional<Path> start) {

  private static final Set<String> READ =
      Set.of("modules_to_save", "peft_type", "target_modules", "task_type");

  private static final Set<String> WITHOUT_MEANING =
      Set.of(
          "auto_mapping",
          "base_model_name_or_path",
          "fan_in_fan_out",
          "inference_mode",
          "peft_version",
          "revision");

  public ProjectionConfig {
    modulesToSave = List.copyOf(modulesToSave);
    options = options.deepCopy();
    source = source.deepCopy();
  }

  /** Returns the kind's defaults on all linear projections. */
  public static ProjectionConfig of(ProjectionKind kind) {
    return new ProjectionConfig(
        kind,
        Selection.of(PeftTargets.ALL_LINEAR),
        List.of(),
        kind.defaults(),
        JsonNodeFactory.instance.objectNode(),
        Optional.empty());
  }

  /** Returns a copy with other values of some fields, which are checked. */
  public ProjectionConfig with(ObjectNode changes) {
    ObjectNode changed = options.deepCopy();
    changed.setAll(changes);
    ProjectionConfig config =
        new ProjectionConfig(kind, modules, modulesToSave, changed, source, start);
    kind.refusal(config)
        .ifPresent(
            refusal -> {
              throw new IllegalArgumentException(
                  "%s: expected %s, found %s. %s"
                      .formatted(
                          refusal.field(),
                          refusal.expected(),
                          changed.path(refusal.field()),
                          refusal.remedy()));
            });
    return config;
  }

  public ProjectionConfig with(String field, int value) {
    return with(JsonNodeFactory.instance.objectNode().put(field, value));
  }

  public ProjectionConfig with(String field, double value) {
    return with(JsonNodeFactory.instance.objectNode().put(field, value));
  }

  public ProjectionConfig with(String field, boolean value) {
    return with(JsonNodeFactory.instance.objectNode().put(field, value));
  }

  public ProjectionConfig with(String field, String value) {
    return with(JsonNodeFactory.instance.objectNode().put(field, value));
  }

  public ProjectionConfig withModules(Selection changed) {
    return new ProjectionConfig(kind, changed, modulesToSave, options, source, start);
  }

  public ProjectionConfig withModulesToSave(List<String> changed) {
    return new ProjectionConfig(kind, modules, changed, options, source, start);
  }

  public int integer(String field) {
    return options.path(field).asInt();
  }

  public double number(String field) {
    return options.path(field).asDouble();
  }

  public boolean flag(String field) {
    return options.path(field).asBoolean();
  }

  public String text(String field) {
    return options.path(field).asText();
  }

  /** Returns the configuration that continues the adapter in a folder. */
  public static ProjectionConfig continuing(ProjectionKind kind, Path folder) {
    ProjectionConfig read = read(kind, folder);
    return new ProjectionConfig(
        kind, read.modules, read.modulesToSave, read.options, read.source, Optional.of(folder));
  }

  public static ProjectionConfig read(ProjectionKind kind, Path folder) {
    ConfigReader fields = ConfigReader.read(folder.resolve(PeftFolder.CONFIG));
    PeftFolder.requireType(fields, kind.type());
    PeftFolder.requireTask(fields);
    ObjectNode options = kind.defaults();
    for (Map.Entry<String, JsonNode> field : fields.json().properties()) {
      String name = field.getKey();
      if (options.has(name)) {
        set(options, name, field.getValue());
      } else if (!READ.contains(name)
          && !kind.selecting().contains(name)
          && !WITHOUT_MEANING.contains(name)
          && PeftFolder.isSet(field.getValue())) {
        throw fields.invalid(
            name,
            "null, false or empty",
            "This option of " + kind.name() + " adapters is not supported.");
      }
    }
    kind.requireReadable(fields);
    ProjectionConfig config =
        new ProjectionConfig(
            kind,
            SelectionFields.read(fields),
            fields.texts("modules_to_save"),
            options,
            fields.json(),
            Optional.empty());
    Optional<ProjectionKind.Refusal> refusal = kind.refusal(config);
    if (refusal.isPresent()) {
      throw fields.invalid(refusal.get().field(), refusal.get().expected(), refusal.get().remedy());
    }
    return config;
  }

  /** Sets a field to a value of its default's type; the model says whether weights are turned. */
  private static void set(ObjectNode options, String name, JsonNode value) {
    JsonNode before = options.get(name);
    if (before.isDouble() && value.isNumber()) {
      options.put(name, value.doubleValue());
    } else if (before.isInt() && value.canConvertToInt()) {
      options.put(name, value.intValue());
    } else if (!name.equals("fan_in_fan_out")) {
      options.set(name, value);
    }
  }

  /** Returns the file's content, with PEFT's fields in alphabetical order. */
  ObjectNode json(Optional<String> taskType, List<String> saved, boolean transposed, String base) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    Map<String, JsonNode> fields = new TreeMap<>();
    for (String name : Set.of("auto_mapping", "revision")) {
      fields.put(name, nodes.nullNode());
    }
    kind.version().ifPresent(version -> fields.put("peft_version", nodes.textNode(version)));
    source.properties().forEach(field -> fields.put(field.getKey(), field.getValue()));
    options.properties().forEach(field -> fields.put(field.getKey(), field.getValue()));
    fields.put("peft_type", nodes.textNode(kind.type()));
    fields.put("task_type", taskType.<JsonNode>map(nodes::textNode).orElse(nodes.nullNode()));
    fields.put("modules_to_save", saved.isEmpty() ? nodes.nullNode() : PeftFolder.array(saved));
    fields.put("base_model_name_or_path", nodes.textNode(base));
    fields.put("inference_mode", nodes.booleanNode(true));
    fields.put("target_modules", modules.targets().json());
    if (options.has("fan_in_fan_out")) {
      fields.put("fan_in_fan_out", nodes.booleanNode(transposed));
    }
    if (selects()) {
      fields.put(
          "exclude_modules", modules.excluded().map(PeftTargets::json).orElse(nodes.nullNode()));
      ArrayNode layers = nodes.arrayNode();
      modules.layers().forEach(layers::add);
      fields.put("layers_to_transform", layers.isEmpty() ? nodes.nullNode() : layers);
      fields.put(
          "layers_pattern",
          modules.layersPattern().isEmpty()
              ? nodes.nullNode()
              : PeftFolder.array(modules.layersPattern()));
    }
    ObjectNode json = nodes.objectNode();
    fields.forEach(json::set);
    return json;
  }

  /** Returns whether the kind's configuration can leave out modules and layers. */
  public boolean selects() {
    return kind.defaults().has("bias");
  }

  /** Returns the options that differ from PEFT's defaults, and the targets. */
  public String description() {
    StringBuilder text = new StringBuilder(kind.name());
    ObjectNode defaults = kind.defaults();
    options
        .properties()
        .forEach(
            field -> {
              if (!field.getValue().equals(defaults.get(field.getKey()))) {
                text.append(' ')
                    .append(field.getKey())
                    .append('=')
                    .append(field.getValue().asText());
              }
            });
    return text.append(" targets=").append(modules).toString();
  }
}

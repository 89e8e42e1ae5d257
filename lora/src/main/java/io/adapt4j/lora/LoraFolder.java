package io.adapt4j.lora;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorFile;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.lora.internal.peft.LayerRanges;
import io.adapt4j.lora.internal.peft.PeftFolder;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.peft.StackSize;
import io.adapt4j.lora.internal.peft.StackedFactorFile;
import io.adapt4j.lora.internal.peft.StackedFactors;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A {@link PeftFolder} with a LoRA adapter. Fields and defaults are those of PEFT 0.17 to 0.20.
 *
 * @see <a href="https://huggingface.co/docs/peft/developer_guides/checkpoint">PEFT checkpoint
 *     format</a>
 */
final class LoraFolder {

  private static final Pattern VERSION = Pattern.compile("(\\d{1,6})\\.(\\d{1,6})");

  /** PEFT version whose format is written where versions differ. */
  private static final String WRITTEN_VERSION = "0.20.0";

  private LoraFolder() {}

  /** Opens the weights of a LoRA adapter, splitting stacked experts. */
  static Checkpoint openWeights(Path folder, AdapterConfig config, AdapterPlan plan) {
    return openWeights(folder, config, layout(config, plan));
  }

  /** Returns the layout of stacked experts' A and B, by their dimensions or PEFT's version. */
  private static StackedFactorFile.Layout layout(AdapterConfig config, AdapterPlan plan) {
    Map<String, StackSize> sizes = plan.stackSizes();
    boolean old = !isModern(config.source());
    return (parameter, columns, rows) -> {
      StackSize size = sizes.get(parameter);
      if (size == null || size.transposed()) {
        return false;
      }
      boolean fitsOld = columns == size.out() && rows == size.in();
      return fitsOld && (old || size.in() != size.out());
    };
  }

  /** Opens the weights of a LoRA adapter as they are stored, without a model. */
  static Checkpoint openWeights(
      Path folder, AdapterConfig config, StackedFactorFile.Layout swapped) {
    List<String> parameters = config.modules().parameters();
    return PeftFolder.openWeights(
        folder, file -> StackedFactorFile.of(file, parameters, config::rankOf, swapped));
  }

  /** Returns whether the file's PEFT version stores matrices of stacked experts correctly. */
  static boolean isModern(ObjectNode source) {
    Matcher version = VERSION.matcher(source.path("peft_version").asText());
    return version.lookingAt()
        && (Integer.parseInt(version.group(1)) > 0 || Integer.parseInt(version.group(2)) >= 19);
  }

  /** Returns the reasons why the folder's weights do not match a plan. */
  static List<String> problems(Path folder, AdapterConfig config, AdapterPlan plan) {
    if (!plan.problems().isEmpty()) {
      return plan.problems();
    }
    Map<String, List<Long>> whole = new TreeMap<>();
    List<StackedFactorFile> views = new ArrayList<>();
    try (Checkpoint weights =
        PeftFolder.openWeights(
            folder,
            file -> {
              file.entries().forEach((name, entry) -> whole.put(name, entry.shape()));
              TensorFile view =
                  StackedFactorFile.of(
                      file, config.modules().parameters(), config::rankOf, layout(config, plan));
              if (view instanceof StackedFactorFile stacked) {
                views.add(stacked);
              }
              return view;
            })) {
      Map<String, List<Long>> stored = new TreeMap<>();
      weights.names().forEach(name -> stored.put(name, weights.entry(name).shape()));
      List<String> differences =
          PeftTensors.differences(
              plan,
              config.bias(),
              stored,
              whole,
              name -> views.isEmpty() ? name : views.get(0).stored(name));
      if (differences.isEmpty()) {
        return List.of();
      }
      return List.of(
          folder
              + ": this adapter does not fit the model; it was trained on the base '"
              + config.source().path("base_model_name_or_path").asText("(not named)")
              + "', so put it on that one.\n  "
              + PeftNames.some(differences));
    } catch (CheckpointException e) {
      return List.of(e.getMessage());
    }
  }

  /** Writes both files together, or neither. */
  static void write(
      Path folder, AdapterConfig config, AdapterPlan plan, String base, List<TensorData> tensors) {
    PeftFolder.write(folder, json(config, plan, base), StackedFactors.join(tensors));
  }

  /** Returns the configuration with fields in PEFT's order, which is alphabetical. */
  private static ObjectNode json(AdapterConfig config, AdapterPlan plan, String base) {
    Map<String, JsonNode> fields = new TreeMap<>(defaults());
    config.source().properties().forEach(field -> fields.put(field.getKey(), field.getValue()));
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    fields.put("peft_type", nodes.textNode(LoraKind.TYPE));
    fields.put(
        "task_type", plan.taskType().<JsonNode>map(nodes::textNode).orElse(nodes.nullNode()));
    fields.put("fan_in_fan_out", nodes.booleanNode(plan.fanInFanOut()));
    fields.put("base_model_name_or_path", nodes.textNode(base));
    fields.put("inference_mode", nodes.booleanNode(true));
    fields.put("r", nodes.numberNode(config.rank()));
    fields.put("lora_alpha", number(config.alpha()));
    // With Transformers 5 PEFT refuses dropout on experts, even of an adapter that only computes.
    boolean dropped =
        ExpertTargets.areNeeded(config, plan)
            || (ExpertTargets.isPlain(config) && ExpertTargets.becomeParameters(plan));
    fields.put("lora_dropout", nodes.numberNode(dropped ? 0 : config.dropout()));
    LoraTargetFields.write(fields, config, plan);
    boolean sided = plan.stackSizes().values().stream().anyMatch(size -> !size.transposed());
    if (sided && !isModern(config.source())) {
      fields.put("peft_version", nodes.textNode(WRITTEN_VERSION));
    }
    fields.put("bias", nodes.textNode(config.bias().peftName()));
    fields.put(
        "modules_to_save",
        plan.modulesToSave().isEmpty() ? nodes.nullNode() : PeftFolder.array(plan.modulesToSave()));
    fields.put("use_rslora", nodes.booleanNode(config.rankStabilized()));
    fields.put("lora_bias", nodes.booleanNode(config.biasOfB()));
    fields.put("use_dora", nodes.booleanNode(config.dora()));
    if (config.initial() != LoraInit.KAIMING) {
      fields.put("init_lora_weights", nodes.textNode(config.initial().peftName()));
    }
    if (config.initial() instanceof LoraInit.Eva eva) {
      fields.put("eva_config", evaConfig(eva));
    }
    boolean weights = ExpertTargets.areNeeded(config, plan);
    ObjectNode ranks = nodes.objectNode();
    (weights ? ExpertTargets.of(config, plan).ranks() : config.rankPattern()).forEach(ranks::put);
    fields.put("rank_pattern", ranks);
    ObjectNode alphas = nodes.objectNode();
    (weights ? ExpertTargets.of(config, plan).alphas() : config.alphaPattern())
        .forEach((key, alpha) -> alphas.set(key, number(alpha)));
    fields.put("alpha_pattern", alphas);
    ObjectNode json = nodes.objectNode();
    fields.forEach(json::set);
    return json;
  }

  private static ObjectNode evaConfig(LoraInit.Eva eva) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("rho", eva.rho())
        .put("tau", eva.tau())
        .put("use_label_mask", eva.useLabelMask())
        .put("label_mask_value", Batch.IGNORED)
        .put("whiten", eva.whiten())
        .put("adjust_scaling_factors", eva.adjustScalingFactors());
  }

  private static Map<String, JsonNode> defaults() {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    Map<String, JsonNode> defaults = new TreeMap<>();
    for (String name :
        List.of(
            "auto_mapping",
            "corda_config",
            "eva_config",
            "exclude_modules",
            LayerRanges.FIELD,
            "layers_pattern",
            "layers_to_transform",
            "megatron_config",
            "revision",
            "target_parameters",
            "trainable_token_indices")) {
      defaults.put(name, nodes.nullNode());
    }
    for (String name : List.of("fan_in_fan_out", "use_dora", "use_qalora")) {
      defaults.put(name, nodes.booleanNode(false));
    }
    defaults.put("init_lora_weights", nodes.booleanNode(true));
    defaults.put("loftq_config", nodes.objectNode());
    defaults.put("megatron_core", nodes.textNode("megatron.core"));
    defaults.put("qalora_group_size", nodes.numberNode(16));
    return defaults;
  }

  /** Returns whole numbers without a decimal point, like PEFT's integer fields. */
  private static JsonNode number(double value) {
    return value == Math.rint(value) && Math.abs(value) < Integer.MAX_VALUE
        ? JsonNodeFactory.instance.numberNode((int) value)
        : DecimalNode.valueOf(BigDecimal.valueOf(value));
  }
}

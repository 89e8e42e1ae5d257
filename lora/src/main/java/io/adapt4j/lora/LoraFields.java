package io.adapt4j.lora;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.LayerStack;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.lora.internal.layer.LoftQ;
import io.adapt4j.lora.internal.peft.LayerRanges;
import io.adapt4j.lora.internal.peft.LoraBias;
import io.adapt4j.lora.internal.peft.PeftFolder;
import io.adapt4j.lora.internal.peft.SelectionFields;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * The fields of a LoRA adapter's {@code adapter_config.json}, as PEFT 0.17 to 0.20 writes them:
 * each is read, irrelevant to a trained adapter, or rejected by name.
 */
final class LoraFields {

  /** Fields that do not affect a trained adapter. */
  private static final Set<String> WITHOUT_MEANING =
      Set.of(
          "auto_mapping",
          "base_model_name_or_path",
          "corda_config",
          "eva_config",
          "fan_in_fan_out",
          "inference_mode",
          "loftq_config",
          "lora_ga_config",
          "megatron_core",
          "peft_version",
          "qalora_group_size",
          "revision",
          "runtime_config");

  /** Fields that are read. */
  private static final Set<String> READ =
      Set.of(
          "alpha_pattern",
          "bias",
          "ensure_weight_tying",
          "exclude_modules",
          "init_lora_weights",
          LayerRanges.FIELD,
          "layers_pattern",
          "layers_to_transform",
          "lora_alpha",
          "lora_bias",
          "lora_dropout",
          "modules_to_save",
          "peft_type",
          "r",
          "rank_pattern",
          "target_modules",
          "target_parameters",
          "task_type",
          "trainable_token_indices",
          "use_dora",
          "use_rslora");

  /** Initializations that leave the base unchanged. */
  private static final Set<String> PLAIN_INITIALIZATIONS = Set.of("gaussian", "eva", "orthogonal");

  /**
   * Initializations from the base weight, which PEFT repeats whenever it loads the adapter. Others
   * depend on more than the base.
   */
  private static final Pattern RESIDUAL = Pattern.compile("olora|pissa(?:_niter_(\\d{1,2}))?");

  /** Fields that are rejected if set, with the reason and the remedy. */
  private static final Map<String, String> REFUSED =
      ImmutableMap.<String, String>builder()
          .put(
              "alora_invocation_tokens",
              "Activated LoRA acts only after these tokens, which is not supported; use the adapter"
                  + " with PEFT.")
          .put(
              "arrow_config",
              "A router over several adapters is not supported; load the adapters by themselves.")
          .put(
              "megatron_config",
              "Layers that are split over several processes are not supported; merge the adapter"
                  + " into its base with PEFT.")
          .put(
              "monteclora_config",
              "Matrices that are drawn at random are not supported; train plain LoRA.")
          .put(
              "use_bdlora",
              "Block-diagonal matrices are not supported; merge the adapter into its base with"
                  + " PEFT.")
          .put(
              "use_qalora",
              "QALoRA averages groups of inputs, which is not supported; merge the adapter into its"
                  + " base with PEFT.")
          .put(
              "velora_config",
              "VeLoRA's projections are not supported; merge the adapter into its base with PEFT.")
          .build();

  private LoraFields() {}

  static AdapterConfig read(Path folder) {
    ConfigReader fields = ConfigReader.read(folder.resolve(PeftFolder.CONFIG));
    ObjectNode json = fields.json();
    requireSupported(fields, json);
    return AdapterConfig.ofRank(fields.requirePositiveInt("r"))
        .with(
            draft -> {
              draft.alpha = fields.positiveNumber("lora_alpha", 8);
              draft.dropout = dropout(fields);
              draft.modules = SelectionFields.read(fields);
              draft.bias = bias(fields);
              draft.modulesToSave = fields.texts("modules_to_save");
              draft.rankStabilized = fields.bool("use_rslora", false);
              draft.dora = fields.bool("use_dora", false);
              draft.biasOfB = fields.bool("lora_bias", false);
              draft.initial = initial(fields);
              draft.rankPattern = pattern(fields, "rank_pattern", JsonNode::intValue);
              draft.alphaPattern = pattern(fields, "alpha_pattern", JsonNode::doubleValue);
              draft.source = json;
              draft.loftq = LoftQ.read(fields);
              draft.tiesEmbeddings = fields.bool("ensure_weight_tying", false);
              draft.tokens = tokens(fields);
              draft.storedNames = PeftFolder.storedNames(folder);
            });
  }

  /** Reads the tokens whose vectors train: of the embedding, or by module. */
  private static Map<String, List<Integer>> tokens(ConfigReader fields) {
    String field = "trainable_token_indices";
    JsonNode value = fields.json().path(field);
    Map<String, List<Integer>> tokens = new LinkedHashMap<>();
    if (value.isArray() && !value.isEmpty()) {
      tokens.put("", ids(fields, field, value));
    } else if (value.isObject()) {
      value
          .properties()
          .forEach(entry -> tokens.put(entry.getKey(), ids(fields, field, entry.getValue())));
    }
    return tokens;
  }

  private static void requireRanges(ConfigReader fields) {
    try {
      LayerRanges.find(fields.json());
    } catch (IllegalArgumentException e) {
      throw fields.invalid(LayerRanges.FIELD, LayerStack.EXPECTED, "Correct the field.");
    }
  }

  private static List<Integer> ids(ConfigReader fields, String field, JsonNode value) {
    List<Integer> ids = new ArrayList<>();
    for (JsonNode id : value) {
      if (!id.canConvertToInt() || id.intValue() < 0) {
        throw fields.invalid(field, "ids of tokens, a list or lists by module", "Correct it.");
      }
      ids.add(id.intValue());
    }
    return List.copyOf(ids);
  }

  private static void requireSupported(ConfigReader fields, ObjectNode json) {
    PeftFolder.requireType(fields, LoraKind.TYPE);
    PeftFolder.requireTask(fields);
    requireRanges(fields);
    JsonNode initial = json.path("init_lora_weights");
    if (initial.isTextual()
        && !PLAIN_INITIALIZATIONS.contains(initial.textValue())
        && !initial.textValue().equals(LoftQ.INITIALIZATION)
        && !RESIDUAL.matcher(initial.textValue()).matches()) {
      throw fields.invalid(
          "init_lora_weights",
          "true, false, loftq, olora, pissa, pissa_niter_ with a number, or one of "
              + PLAIN_INITIALIZATIONS.stream().sorted().toList(),
          "This initialization changed the base by values that the adapter does not have; convert"
              + " it to plain LoRA with PEFT's save_pretrained(folder,"
              + " path_initial_model_for_weight_conversion=...) first.");
    }
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      String name = field.getKey();
      boolean known = READ.contains(name) || WITHOUT_MEANING.contains(name);
      if (!known && PeftFolder.isSet(field.getValue())) {
        throw fields.invalid(
            name,
            "null, false or empty",
            REFUSED.getOrDefault(
                name,
                "This build does not know the option, so that it could not compute what the adapter"
                    + " was trained to; merge the adapter into its base with PEFT."));
      }
    }
  }

  private static LoraInit initial(ConfigReader fields) {
    Matcher residual = RESIDUAL.matcher(fields.json().path("init_lora_weights").asText());
    if (!residual.matches()) {
      return LoraInit.KAIMING;
    }
    if (residual.group().equals("olora")) {
      return LoraInit.OLORA;
    }
    return residual.group(1) == null
        ? LoraInit.pissa()
        : LoraInit.pissa(Math.max(1, Math.min(64, Integer.parseInt(residual.group(1)))));
  }

  private static double dropout(ConfigReader fields) {
    double dropout = fields.optionalNumber("lora_dropout").orElse(0);
    if (!(dropout >= 0 && dropout < 1)) {
      throw fields.invalid("lora_dropout", "a number in [0, 1)", "Correct the field.");
    }
    return dropout;
  }

  private static LoraBias bias(ConfigReader fields) {
    String name = fields.optionalText("bias").orElse(LoraBias.NONE.peftName());
    for (LoraBias bias : LoraBias.values()) {
      if (bias.peftName().equals(name)) {
        return bias;
      }
    }
    throw fields.invalid("bias", "one of none, all, lora_only", "Correct the field.");
  }

  private static <V> Map<String, V> pattern(
      ConfigReader fields, String field, Function<JsonNode, V> value) {
    Map<String, V> pattern = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : fields.json().path(field).properties()) {
      if (!entry.getValue().isNumber() || entry.getValue().doubleValue() <= 0) {
        throw fields.invalid(
            field, "positive numbers by module name", "Correct entry " + entry.getKey() + ".");
      }
      try {
        Pattern.compile(entry.getKey());
      } catch (PatternSyntaxException e) {
        throw new CheckpointException(
            fields.file() + ": " + field + ": expected regular expressions: " + e.getMessage(), e);
      }
      pattern.put(entry.getKey(), value.apply(entry.getValue()));
    }
    return pattern;
  }
}

package io.adapt4j.core.internal.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Adds the Transformers 4 fields to a configuration that has only those of Transformers 5: rotary
 * parameters that are in {@code rope_parameters}, and the number of experts. Version 4 ignores
 * fields it does not know and would use its defaults, so a model is saved with both; version 5
 * gives precedence to its own.
 */
final class EarlierFields {

  private static final String PARAMETERS = "rope_parameters";
  private static final String SCALING = "rope_scaling";
  private static final String THETA = "rope_theta";
  private static final String SHARE = "partial_rotary_factor";
  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";
  private static final String TEXT = "text_config";

  /** Model types that version 4 does not know. */
  private static final Set<String> LATER =
      Set.of(
          "ministral3",
          "qwen3_5",
          "qwen3_5_text",
          "qwen3_5_moe",
          "qwen3_5_moe_text",
          "gemma4",
          "gemma4_text",
          "nomic_bert");

  private static final List<String> COUNTS =
      List.of("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts");
  private static final List<String> CHOSEN =
      List.of("num_experts_per_tok", "moe_k", "top_k_experts");

  /** Names that families use for the number of experts and for the number of experts per token. */
  private static final Map<String, List<String>> EXPERTS =
      Map.ofEntries(
          Map.entry("qwen2_moe", List.of("num_experts", "num_experts_per_tok")),
          Map.entry("qwen3_moe", List.of("num_experts", "num_experts_per_tok")),
          Map.entry("qwen3_next", List.of("num_experts", "num_experts_per_tok")),
          Map.entry("qwen3_5_moe_text", List.of("num_experts", "num_experts_per_tok")),
          Map.entry("olmoe", List.of("num_experts", "num_experts_per_tok")),
          Map.entry("gemma4_text", List.of("num_experts", "top_k_experts")),
          Map.entry("mixtral", List.of("num_local_experts", "num_experts_per_tok")),
          Map.entry("gpt_oss", List.of("num_local_experts", "num_experts_per_tok")),
          Map.entry("openai_privacy_filter", List.of("num_local_experts", "num_experts_per_tok")),
          Map.entry("granitemoe", List.of("num_local_experts", "num_experts_per_tok")),
          Map.entry("granitemoeshared", List.of("num_local_experts", "num_experts_per_tok")),
          Map.entry("granitemoehybrid", List.of("num_local_experts", "num_experts_per_tok")),
          Map.entry("glm4_moe", List.of("n_routed_experts", "num_experts_per_tok")),
          Map.entry("dots1", List.of("n_routed_experts", "num_experts_per_tok")),
          Map.entry("ernie4_5_moe", List.of("moe_num_experts", "moe_k")));

  private EarlierFields() {}

  static ConfigReader added(ConfigReader stated) {
    ObjectNode fields = stated.json();
    add(stated.file(), fields, fields.path("model_type").asText());
    if (fields.get(TEXT) instanceof ObjectNode text) {
      String whole = fields.path("model_type").asText();
      add(stated.file(), text, text.path("model_type").asText(whole + "_text"));
    }
    return fields.equals(stated.json()) ? stated : ConfigReader.of(stated.file(), fields);
  }

  private static void add(Path file, ObjectNode fields, String family) {
    List<String> names = EXPERTS.get(family);
    if (names != null) {
      named(ConfigReader.of(file, fields), fields, names.get(0), COUNTS);
      named(ConfigReader.of(file, fields), fields, names.get(1), CHOSEN);
    }
    if (fields.get(PARAMETERS) instanceof ObjectNode parameters && !LATER.contains(family)) {
      rotary(fields, parameters, family);
    }
  }

  /** Copies a number to the name that a family uses. */
  private static void named(
      ConfigReader reader, ObjectNode fields, String name, List<String> others) {
    for (String other : others) {
      if (!other.equals(name) && fields.hasNonNull(other)) {
        if (!fields.hasNonNull(name)) {
          fields.set(name, fields.get(other));
        } else if (!fields.get(other).equals(fields.get(name))) {
          throw reader.invalid(
              other,
              name + " " + fields.get(name) + ", for which it is another name",
              "Correct one of the two, or fetch the model's original file.");
        }
      }
    }
  }

  private static void rotary(ObjectNode fields, ObjectNode parameters, String family) {
    JsonNode full = parameters.path(FULL);
    JsonNode sliding = parameters.path(SLIDING);
    if (!full.isObject() && !sliding.isObject()) {
      one(fields, parameters, family);
      return;
    }
    switch (family) {
      case "modernbert" -> {
        put(fields, "global_rope_theta", full.path(THETA));
        put(fields, "local_rope_theta", sliding.path(THETA));
        everyLayer(fields);
      }
      case "gemma3", "gemma3_text", "gemma3n", "gemma3n_text" -> {
        one(fields, full, family);
        put(fields, "rope_local_base_freq", sliding.path(THETA));
      }
      case "olmo3" -> {
        // There, sliding-window layers use the same base, without scaling.
        boolean plain = isDefault(sliding) && sliding.path(THETA).equals(full.path(THETA));
        if (plain || !sliding.isObject()) {
          one(fields, full, family);
        }
      }
      default -> {
        if (full.equals(sliding) || !sliding.isObject()) {
          one(fields, full, family);
        }
      }
    }
  }

  private static void one(ObjectNode fields, JsonNode parameters, String family) {
    boolean neoX = family.equals("gpt_neox");
    put(fields, neoX ? "rotary_emb_base" : THETA, parameters.path(THETA));
    put(fields, neoX ? "rotary_pct" : SHARE, parameters.path(SHARE));
    if (fields.hasNonNull(SCALING)) {
      return;
    }
    if (isDefault(parameters)) {
      fields.set(SCALING, NullNode.instance);
    } else if (parameters instanceof ObjectNode stated && isExpressible(stated, family)) {
      fields.set(SCALING, scaling(stated.deepCopy(), family));
    }
  }

  /**
   * Returns whether version 4 can express the scaling. It derives the factors of Phi-3 from its two
   * lengths.
   */
  private static boolean isExpressible(ObjectNode parameters, String family) {
    return !family.equals("phi3")
        || !(parameters.hasNonNull("factor") || parameters.hasNonNull("attention_factor"));
  }

  private static ObjectNode scaling(ObjectNode parameters, String family) {
    parameters.remove(List.of(THETA, SHARE));
    if (family.equals("phi3")) {
      // Version 4 accepts only these three.
      parameters.set("type", parameters.path("rope_type"));
      parameters.retain("type", "short_factor", "long_factor");
    }
    return parameters;
  }

  private static boolean isDefault(JsonNode parameters) {
    return parameters.isObject()
        && parameters
            .path("rope_type")
            .asText(parameters.path("type").asText("default"))
            .equals("default");
  }

  private static void put(ObjectNode fields, String name, JsonNode value) {
    if (value.isNumber()) {
      fields.set(name, value);
    }
  }

  /** Expresses ModernBERT's layer pattern as the interval between full-attention layers. */
  private static void everyLayer(ObjectNode fields) {
    String field = "global_attn_every_n_layers";
    JsonNode types = fields.path("layer_types");
    int layers = types.isArray() && types.size() <= SizeLimits.LAYERS ? types.size() : 0;
    for (int every = 1; every <= layers && !fields.hasNonNull(field); every++) {
      boolean fits = true;
      for (int i = 0; i < layers; i++) {
        fits &= types.get(i).asText().equals(i % every == 0 ? FULL : SLIDING);
      }
      if (fits) {
        fields.put(field, every);
      }
    }
  }
}

package io.adapt4j.core.internal.nn;

import static io.adapt4j.core.Words.words;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Configurations of Transformers 4.57 as 5.15 writes them. */
final class VersionFive {

  private static final Set<String> SCALED = Set.of("llama3", "yarn", "longrope");

  /** Families whose class has a share of rotated values that is written whatever the model has. */
  private static final Map<String, Double> CLASS_SHARES =
      Map.of("qwen3_next", 0.25, "bamba", 0.5, "glm4_moe", 0.5);

  private static final Set<String> NAMED_BY_NUM_EXPERTS =
      Set.of("qwen2_moe", "qwen3_moe", "qwen3_next", "olmoe");

  private static final Set<String> HYBRIDS = Set.of("bamba", "falcon_h1", "granitemoehybrid");

  /** Families whose matrices are tied where the file does not say so. */
  private static final Set<String> TIED =
      Set.of(
          words(
              "bert roberta xlm-roberta electra mpnet albert distilbert deberta-v2 modernbert",
              "gemma2 gemma3_text lfm2 smollm3 gpt2 gpt_neo gpt_bigcode bloom opt cohere"));

  private VersionFive() {}

  /** A copy in the words of 5.15. */
  static ObjectNode of(JsonNode stated) {
    ObjectNode fields = stated.deepCopy();
    String family = fields.path("model_type").asText();
    if (fields.get("text_config") instanceof ObjectNode text) {
      translate(text, text.path("model_type").asText(family + "_text"));
    } else {
      translate(fields, family);
    }
    fields.put("transformers_version", "5.15.0");
    return fields;
  }

  private static void translate(ObjectNode fields, String family) {
    if (NAMED_BY_NUM_EXPERTS.contains(family)) {
      fields.set("num_local_experts", fields.remove("num_experts"));
    }
    if (family.matches("qwen2|qwen2_moe") && !fields.path("use_sliding_window").asBoolean()) {
      fields.put("use_sliding_window", false).put("sliding_window", 0);
    }
    if (family.equals("ernie4_5_moe") && fields.path("moe_layer_end_index").asInt(-1) == -1) {
      fields.put("moe_layer_end_index", fields.path("num_hidden_layers").asInt() - 1);
    }
    if (HYBRIDS.contains(family)) {
      hybrid(fields, family);
    }
    if (family.equals("new")) {
      // Its class is its own code, which sets rope_scaling: version 5 stores that as the newer
      // name.
      fields.set("rope_parameters", fields.remove("rope_scaling"));
    } else if (family.equals("modernbert")) {
      modernBert(fields);
    } else if (!fields.has("rope_parameters")) {
      rotary(fields, family);
    }
    if (CLASS_SHARES.containsKey(family)) {
      fields.put("partial_rotary_factor", CLASS_SHARES.get(family));
    }
    if (fields.path("position_embedding_type").asText().matches("absolute|rope")
        && !family.matches("granitemoehybrid|new")) {
      fields.remove("position_embedding_type");
    }
    if (TIED.contains(family) && !fields.has("tie_word_embeddings")) {
      fields.put("tie_word_embeddings", true);
    }
    if (family.matches("bert|roberta|xlm-roberta|electra")) {
      fields.put("is_decoder", false).put("add_cross_attention", false);
    }
  }

  private static void hybrid(ObjectNode fields, String family) {
    ArrayNode types = JsonNodeFactory.instance.arrayNode();
    int layers = fields.path("num_hidden_layers").asInt();
    for (int i = 0; i < layers; i++) {
      types.add(type(fields, family, i));
    }
    fields.set("layer_types", types);
    fields.remove(List.of("attn_layer_indices", "layers_block_type"));
    if (!fields.has("time_step_limit")) {
      fields.putArray("time_step_limit").add(0.0).addObject().put("__float__", "Infinity");
    }
  }

  private static String type(ObjectNode fields, String family, int layer) {
    if (family.equals("falcon_h1")) {
      return "hybrid";
    }
    String listed = fields.has("layer_types") ? "layer_types" : "layers_block_type";
    boolean attention =
        fields.has(listed)
            ? fields.get(listed).path(layer).asText().equals("attention")
            : contains(fields.path("attn_layer_indices"), layer);
    return attention ? "full_attention" : "linear_attention";
  }

  private static boolean contains(JsonNode numbers, int number) {
    for (JsonNode other : numbers) {
      if (other.asInt() == number) {
        return true;
      }
    }
    return false;
  }

  private static void modernBert(ObjectNode fields) {
    double global = fields.path("global_rope_theta").asDouble(160_000);
    boolean same = fields.path("local_rope_theta").isNull();
    double local = same ? global : fields.path("local_rope_theta").asDouble(10_000);
    if (!fields.hasNonNull("layer_types")) {
      ArrayNode types = fields.putArray("layer_types");
      int every = fields.path("global_attn_every_n_layers").asInt(3);
      for (int i = 0; i < fields.path("num_hidden_layers").asInt(); i++) {
        types.add(i % every == 0 ? "full_attention" : "sliding_attention");
      }
    }
    ObjectNode all = fields.putObject("rope_parameters");
    all.putObject("full_attention").put("rope_type", "default").put("rope_theta", global);
    all.putObject("sliding_attention").put("rope_type", "default").put("rope_theta", local);
    fields.remove(
        List.of(
            "global_rope_theta",
            "local_rope_theta",
            "global_attn_every_n_layers",
            "repad_logits_with_grad"));
  }

  private static void rotary(ObjectNode fields, String family) {
    JsonNode theta =
        fields.has("rotary_emb_base")
            ? fields.path("rotary_emb_base")
            : fields.path(fields.has("theta") ? "theta" : "rope_theta");
    if (!theta.isNumber() || family.equals("nomic_bert")) {
      return;
    }
    JsonNode scaling = fields.path("rope_scaling");
    ObjectNode parameters =
        scaling.isObject() ? scaling.deepCopy() : JsonNodeFactory.instance.objectNode();
    String type = parameters.path("rope_type").asText(parameters.path("type").asText("default"));
    parameters.put("rope_type", type).set("rope_theta", theta);
    JsonNode share = fields.path(fields.has("rotary_pct") ? "rotary_pct" : "partial_rotary_factor");
    if (share.isNumber()) {
      parameters.set("partial_rotary_factor", share);
    }
    if (SCALED.contains(type) && !parameters.has("original_max_position_embeddings")) {
      parameters.set(
          "original_max_position_embeddings",
          fields.has("original_max_position_embeddings")
              ? fields.get("original_max_position_embeddings")
              : fields.get("max_position_embeddings"));
    }
    ObjectNode local = JsonNodeFactory.instance.objectNode().put("rope_type", "default");
    local.set("rope_theta", theta);
    if (family.startsWith("gemma3")) {
      local.put("rope_theta", fields.path("rope_local_base_freq").asDouble(10_000));
    }
    if (family.startsWith("gemma3") || family.equals("olmo3")) {
      ObjectNode all = fields.putObject("rope_parameters");
      all.set("full_attention", parameters);
      all.set("sliding_attention", local);
    } else {
      fields.set("rope_parameters", parameters);
    }
    fields.remove(
        List.of(
            words(
                "theta rope_theta rope_scaling rope_local_base_freq partial_rotary_factor",
                "rotary_pct rotary_emb_base")));
  }
}

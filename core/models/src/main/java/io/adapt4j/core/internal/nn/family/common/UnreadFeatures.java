package io.adapt4j.core.internal.nn.family.common;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.config.ModelConfig;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Configuration fields that change a model's results without affecting its tensors. A family that
 * does not read such a field must not ignore it: the model would load and be wrong.
 */
public final class UnreadFeatures {

  private static final List<String> ROPE = List.of("rope_scaling", "rope_parameters");

  private static final String REMEDY =
      "This build would ignore it and compute something else; use a model without it, or remove the"
          + " field if it has no meaning for this model.";

  private static final Map<String, Predicate<JsonNode>> NEUTRAL = new LinkedHashMap<>();

  private static final Set<String> EXPERTS =
      Set.of("num_experts", "num_local_experts", "n_routed_experts");

  static {
    absent("attn_logit_softcapping");
    absent("final_logit_softcapping");
    absent("query_pre_attn_scalar");
    absent("sliding_window");
    absent("attention_multiplier");
    absent("attention_chunk_size");
    absent("rope_local_base_freq");
    absent("clip_qkv");
    absent("no_rope_layers");
    absent("no_rope_layer_interval");
    absent("local_attention");
    absent("global_attn_every_n_layers");
    absent("global_rope_theta");
    absent("local_rope_theta");
    absent("kv_lora_rank");
    absent("num_kv_shared_layers");
    absent("moe_intermediate_size");
    absent("compression_config");
    number("num_local_experts", 0);
    number("num_experts", 0);
    number("num_experts_per_tok", 0);
    number("router_jitter_noise", 0);
    number("n_routed_experts", 0);
    number("n_shared_experts", 0);
    number("embedding_multiplier", 1);
    number("residual_multiplier", 1);
    number("logits_scaling", 1);
    number("logit_scale", 1);
    number("lm_head_multiplier", 1);
    off("attn_temperature_tuning");
    off("use_bidirectional_attention");
    off("use_sliding_window");
    off("use_qk_norm");
    off("qk_layernorm");
    off("alibi");
    off("use_parallel_residual");
    off("parallel_attn");
    off("scale_attn_by_inverse_layer_idx");
    off("add_cross_attention");
    off("is_decoder");
    off("normalize_embedding");
    off("enable_moe_block");
    off("qk_norm");
    off("relative_attention");
    off("share_att_key");
    off("prenorm");
    off("parallel_block");
    off("use_rms_norm");
    off("causal");
    off("rotary_emb_interleaved");
    off("apply_residual_connection_post_layernorm");
    off("_remove_final_layer_norm");
    on("do_layer_norm_before");
    absent("rotary_emb_scale_base");
    absent("num_heads_kv");
    number("conv_kernel_size", 0);
    on("is_causal");
    on("scale_attn_weights");
    NEUTRAL.put("pruned_heads", JsonNode::isEmpty);
    NEUTRAL.put("per_layer_config", JsonNode::isEmpty);
    NEUTRAL.put("layer_types", UnreadFeatures::allFullAttention);
    NEUTRAL.put("position_embedding_type", node -> node.asText().equals("absolute"));
  }

  private UnreadFeatures() {}

  /**
   * Rejects a configuration that sets a field its family does not read: one of those above, one
   * with an unsupported value for the family's class, or an unknown one whose name suggests a scale
   * or limit.
   */
  public static void refuse(ModelConfig config, Set<String> read) {
    Optional<KnownFields> known = KnownFields.of(config.modelType());
    JsonNode fields = config.toJson();
    // The fields above first, in their order.
    Set<String> names = new LinkedHashSet<>(NEUTRAL.keySet());
    fields.fieldNames().forEachRemaining(names::add);
    for (String name : names) {
      if (fields.hasNonNull(name) && !isRead(name, read)) {
        refuse(config, known, name, fields.get(name));
      }
    }
    for (String rope : ROPE) {
      unknownSettings(config, rope)
          .forEach(
              (name, value) -> {
                if (KnownFields.isFactor(name.substring(name.lastIndexOf('.') + 1), value)) {
                  throw config
                      .fields()
                      .invalid(rope, "no setting " + name + " of rotary positions", REMEDY);
                }
              });
    }
  }

  /**
   * Returns whether a family reads a field. One that reads the number of experts does so under each
   * of its names.
   */
  private static boolean isRead(String field, Set<String> read) {
    return read.contains(field)
        || (EXPERTS.contains(field) && EXPERTS.stream().anyMatch(read::contains));
  }

  private static void refuse(
      ModelConfig config, Optional<KnownFields> known, String field, JsonNode value) {
    Optional<KnownFields.Mark> mark = known.flatMap(fields -> fields.mark(field));
    if (mark.isPresent() && mark.get() instanceof KnownFields.Mark.Only only) {
      if (!only.allows(value)) {
        throw config
            .fields()
            .invalid(
                field,
                only + ", as every model of type " + config.modelType() + " has here",
                REMEDY);
      }
      return;
    }
    Predicate<JsonNode> neutral = NEUTRAL.get(field);
    boolean unknown = known.isPresent() && mark.isEmpty() && neutral == null;
    if (neutral != null ? !neutral.test(value) : unknown && KnownFields.isFactor(field, value)) {
      throw config
          .fields()
          .invalid(field, "no such setting in a model of type " + config.modelType(), REMEDY);
    }
  }

  /** Returns the fields of a configuration that are in no list, so that their effect is unknown. */
  public static Map<String, JsonNode> unknown(ModelConfig config, Set<String> read) {
    Map<String, JsonNode> unknown = new LinkedHashMap<>();
    KnownFields.of(config.modelType())
        .ifPresent(
            known -> {
              for (Map.Entry<String, JsonNode> field : config.toJson().properties()) {
                String name = field.getKey();
                boolean listed =
                    known.mark(name).isPresent() || isRead(name, read) || NEUTRAL.containsKey(name);
                if (!listed && !isOff(field.getValue())) {
                  unknown.put(name, field.getValue());
                }
              }
            });
    ROPE.forEach(rope -> unknown.putAll(unknownSettings(config, rope)));
    return unknown;
  }

  /** Returns the rotary settings that are in no list; they may be nested by layer type. */
  private static Map<String, JsonNode> unknownSettings(ModelConfig config, String rope) {
    KnownFields known = KnownFields.of(rope).orElseThrow();
    Map<String, JsonNode> unknown = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> setting : config.toJson().path(rope).properties()) {
      String name = rope + "." + setting.getKey();
      if (setting.getValue().isObject()) {
        for (Map.Entry<String, JsonNode> own : setting.getValue().properties()) {
          if (known.mark(own.getKey()).isEmpty() && !isOff(own.getValue())) {
            unknown.put(name + "." + own.getKey(), own.getValue());
          }
        }
      } else if (known.mark(setting.getKey()).isEmpty() && !isOff(setting.getValue())) {
        unknown.put(name, setting.getValue());
      }
    }
    return unknown;
  }

  private static boolean isOff(JsonNode value) {
    return value.isNull()
        || (value.isBoolean() && !value.booleanValue())
        || (value.isTextual() && value.textValue().isEmpty())
        || (value.isContainerNode() && value.isEmpty());
  }

  private static void absent(String field) {
    NEUTRAL.put(field, node -> false);
  }

  private static void off(String field) {
    NEUTRAL.put(field, node -> node.isBoolean() && !node.booleanValue());
  }

  private static void on(String field) {
    NEUTRAL.put(field, node -> node.isBoolean() && node.booleanValue());
  }

  private static void number(String field, double value) {
    NEUTRAL.put(field, node -> node.isNumber() && node.doubleValue() == value);
  }

  private static boolean allFullAttention(JsonNode types) {
    for (JsonNode type : types) {
      if (!type.asText().equals("full_attention")) {
        return false;
      }
    }
    return types.isArray();
  }
}

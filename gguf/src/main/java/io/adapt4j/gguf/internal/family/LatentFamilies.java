package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.RowOrder;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.RopeFields;
import java.util.List;
import java.util.Set;

/**
 * Families with multi-head latent attention: DeepSeek V2, V3 and R1, Moonlight, Kimi K2 and
 * GLM-4.7-Flash. Files split the projection to keys and values by its two uses, and transpose the
 * part for keys, which llama.cpp multiplies with queries instead.
 */
final class LatentFamilies {

  private static final String QUERY_RANK = "q_lora_rank";
  private static final String QUERY_RANK_KEY = "attention.q_lora_rank";
  private static final String PLAIN = "qk_nope_head_dim";
  private static final String KEY_LENGTH = "attention.key_length_mla";
  private static final String ROTATED = "rope.dimension_count";
  private static final String SHARED = "n_shared_experts";
  private static final String GROUPS = "n_group";
  private static final String CHOSEN_GROUPS = "topk_group";
  private static final String METHOD = "topk_method";
  private static final String NORMALIZED = "norm_topk_prob";
  private static final String GROUPED = "group_limited_greedy";

  private LatentFamilies() {}

  /** DeepSeek V2, whose experts are weighted by a softmax. */
  static FamilyDeclaration<?> deepSeekV2() {
    return like("deepseek_v2", "DeepseekV2ForCausalLM")
        .fits(metadata -> !isSigmoid(metadata))
        .check(
            facts -> {
              if (facts.fields().optionalText(METHOD).orElse("").equals(GROUPED)
                  && groups(facts) > facts.fields().positiveInt(CHOSEN_GROUPS, 1)) {
                throw Checks.refused(facts, METHOD, "greedy");
              }
            })
        // Official files have groups only where the model chooses by them.
        .complete(
            (metadata, prefix, config) -> {
              if (config.path(GROUPS).asInt(1) > 1) {
                config.put(METHOD, GROUPED);
              }
            });
  }

  /** DeepSeek V3 and its relatives, whose experts are weighted by sigmoids. */
  static FamilyDeclaration<?> deepSeekV3() {
    return like("deepseek_v3", "DeepseekV3ForCausalLM")
        .alsoOf("kimi_k2", "glm4_moe_lite")
        .textType(ModelConfig::modelType)
        .fits(LatentFamilies::isSigmoid)
        .more(Experts.correction("mlp.gate.e_score_correction_bias"))
        .check(facts -> Checks.flag(facts, "rope_interleave", true, true));
  }

  private static boolean isSecond(Facts facts) {
    return facts.model().modelType().equals("deepseek_v2");
  }

  /**
   * Returns whether a file's experts are weighted by sigmoids. Official files of GLM-4.7-Flash do
   * not say so; llama.cpp knows them by their size.
   */
  private static boolean isSigmoid(GgufMetadata metadata) {
    long layers = metadata.integer("deepseek2.block_count").orElse(0);
    boolean flash =
        (layers == 47 || layers == 48)
            && metadata.integer("deepseek2.vocab_size").orElse(0) == 154_880;
    return metadata.integer("deepseek2.expert_gating_func").orElse(flash ? 2 : 1) == 2;
  }

  private static LlamaLike like(String modelType, String modelClass) {
    return new LlamaLike("deepseek2", modelType, modelClass)
        .with(FamilyDeclaration.Trait.MERGED)
        .attention(
            "self_attn.q_proj = attn_q",
            "self_attn.q_a_proj = attn_q_a",
            "self_attn.q_a_layernorm = attn_q_a_norm",
            "self_attn.q_b_proj = attn_q_b",
            "self_attn.kv_a_proj_with_mqa = attn_kv_a_mqa",
            "self_attn.kv_a_layernorm = attn_kv_a_norm",
            "self_attn.o_proj = attn_output")
        .more(LatentFamilies::keysAndValues)
        .more(Experts.usual())
        .more(Experts.shared("mlp.shared_experts"))
        .ownKeys(
            DecoderKeys.BLOCKS,
            DecoderKeys.CONTEXT,
            DecoderKeys.WIDTH,
            DecoderKeys.INNER,
            DecoderKeys.HEADS,
            // In llama.cpp all heads share the narrow vector as their key and value.
            Field.derived("attention.head_count_kv", facts -> 1),
            RopeFields.latent(),
            DecoderKeys.THETA,
            DecoderKeys.RMS_EPS)
        .alsoBefore(Experts.counts("n_routed_experts", "num_experts_per_tok"))
        .alsoBefore(
            List.of(
                Field.integer("expert_group_count", GROUPS, LatentFamilies::groups)
                    .when(facts -> groups(facts) > 1 && !isSecond(facts)),
                Field.integer("expert_group_used_count", CHOSEN_GROUPS, 1)
                    .when(facts -> groups(facts) > 1 && !isSecond(facts)),
                Field.derived("expert_gating_func", facts -> isSecond(facts) ? 1 : 2)))
        .after(
            Experts.denseLayers(LatentFamilies::usualDenseLayers),
            DecoderKeys.VOCABULARY,
            queryRank(),
            Field.integer("attention.kv_lora_rank", "kv_lora_rank", LatentFamilies::rank),
            Field.derived("attention.key_length", facts -> rank(facts) + facts.decoder().headDim()),
            Field.derived("attention.value_length", LatentFamilies::rank),
            keyWidth(),
            Field.integer("attention.value_length_mla", "v_head_dim", 128),
            Experts.width(),
            Field.integer("expert_shared_count", SHARED, LatentFamilies::sharedExperts),
            Field.number("expert_weights_scale", "routed_scaling_factor", 1),
            normalized(),
            Field.integer(ROTATED, "qk_rope_head_dim", facts -> facts.decoder().headDim()),
            RopeFields.latentMagnitude())
        // Official files of GLM-4.7-Flash have layers for multi-token prediction.
        .unused(NextLayers::has)
        .complete(NextLayers::remove)
        .scalings(Set.of(RopeScaling.Default.class, RopeScaling.Yarn.class))
        .check(LatentFamilies::require);
  }

  private static List<TensorName> keysAndValues(ModelConfig model) {
    ConfigReader fields = model.fields();
    int heads = fields.requirePositiveInt("num_attention_heads");
    int plain = fields.positiveInt(PLAIN, 128);
    int value = fields.positiveInt("v_head_dim", 128);
    RowOrder keys = RowOrder.ofEach(plain + value, 0, plain);
    RowOrder values = RowOrder.ofEach(plain + value, plain, value);
    return List.of(
        TensorName.layer("self_attn.kv_b_proj", "attn_k_b", Layout.turnedStack(heads).with(keys)),
        TensorName.layer("self_attn.kv_b_proj", "attn_v_b", Layout.stack(heads).with(values)));
  }

  private static int rank(Facts facts) {
    return facts.fields().positiveInt("kv_lora_rank", 512);
  }

  private static int groups(Facts facts) {
    return facts.fields().positiveInt(GROUPS, 1);
  }

  private static int sharedExperts(Facts facts) {
    return facts.fields().optionalInt(SHARED).orElse(isSecond(facts) ? 2 : 1);
  }

  private static int usualDenseLayers(Facts facts) {
    return switch (facts.model().modelType()) {
      case "deepseek_v2" -> 0;
      case "glm4_moe_lite" -> 1;
      default -> 3;
    };
  }

  /** Returns the key for the width of keys, of which configurations state the two parts. */
  private static Field keyWidth() {
    return new Field(
        (facts, prefix, target) ->
            target.uint32(
                prefix + KEY_LENGTH,
                facts.fields().positiveInt(PLAIN, 128) + facts.decoder().headDim()),
        (source, prefix, config) ->
            config.put(
                PLAIN,
                source.integer(prefix + KEY_LENGTH).orElse(0)
                    - source.integer(prefix + ROTATED).orElse(0)));
  }

  /**
   * Returns the key for the width between the two projections of queries. llama.cpp reads it except
   * in models of these numbers of layers; 0 stands for one projection.
   */
  private static Field queryRank() {
    return new Field(
        (facts, prefix, target) -> {
          int rank = queryRank(facts);
          if (rank > 0 || !isLite(facts)) {
            target.uint32(prefix + QUERY_RANK_KEY, rank);
          }
        },
        (source, prefix, config) -> {
          long rank = source.integer(prefix + QUERY_RANK_KEY).orElse(0);
          if (rank > 0) {
            config.put(QUERY_RANK, rank);
          } else {
            config.putNull(QUERY_RANK);
          }
        });
  }

  private static int queryRank(Facts facts) {
    return facts.fields().isNull(QUERY_RANK) ? 0 : facts.fields().positiveInt(QUERY_RANK, 1536);
  }

  private static boolean isLite(Facts facts) {
    int layers = facts.decoder().layers();
    return layers == 26 || layers == 27 || (layers == 48 && facts.decoder().vocabSize() == 128_256);
  }

  /** Returns the key for whether the weights of experts are made to sum to 1. */
  private static Field normalized() {
    String key = "expert_weights_norm";
    return new Field(
        (facts, prefix, target) -> {
          if (!isSecond(facts) && facts.fields().bool(NORMALIZED, true)) {
            target.bool(prefix + key, true);
          }
        },
        (source, prefix, config) ->
            config.put(NORMALIZED, source.bool(prefix + key).orElse(false)));
  }

  private static void require(Facts facts) {
    if (sharedExperts(facts) == 0) {
      throw Checks.refused(facts, SHARED, "at least 1");
    }
    Experts.requireDenseFirst(facts);
    if (isLite(facts) && queryRank(facts) > 0) {
      throw Checks.refused(facts, QUERY_RANK, "null with this number of layers");
    }
    if (facts.decoder().ropeScaling() instanceof RopeScaling.Yarn yarn
        && (yarn.mscaleAllDim().orElse(0) == 0
            || RotaryFrequencies.of(facts.decoder()).attentionFactor() != 1)) {
      throw Checks.refused(
          facts, Checks.scalingField(facts), "yarn with mscale equal to mscale_all_dim");
    }
  }
}

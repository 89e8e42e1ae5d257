package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
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

  private static final String KEY_WIDTH = "attention.key_length";

  /** Scale of the embeddings of MiniCPM 3 that llama.cpp assumes, as it does the next three. */
  private static final double EMBEDDING = 12;

  private static final double DEPTH = 1.4;
  private static final double BASE = 256;
  private static final double THETA = 10_000;

  private LatentFamilies() {}

  /** DeepSeek V2, whose experts are weighted by a softmax. */
  static FamilyDeclaration<?> deepSeekV2() {
    return like("deepseek2", "deepseek_v2", "DeepseekV2ForCausalLM")
        .fits(metadata -> !isSigmoid(metadata))
        .check(
            facts -> {
              if (facts.fields().optionalText(METHOD).orElse("").equals(GROUPED)
                  && groups(facts) > facts.fields().positiveInt(CHOSEN_GROUPS, 1)) {
                throw facts
                    .fields()
                    .invalid(
                        METHOD,
                        "greedy in a GGUF file of this family",
                        "llama.cpp ranks a group by the sum of its two best experts, this model by"
                            + " its best one; run this model here.");
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
    return like("deepseek2", "deepseek_v3", "DeepseekV3ForCausalLM")
        .alsoOf("kimi_k2", "glm4_moe_lite")
        .textType(ModelConfig::modelType)
        .fits(LatentFamilies::isSigmoid)
        .more(Experts.correction("mlp.gate.e_score_correction_bias"));
  }

  /** MiniCPM 3, whose factors llama.cpp fixes; it projects keys and values as checkpoints do. */
  static FamilyDeclaration<?> miniCpm3() {
    return new LlamaLike("minicpm3", "minicpm3", "MiniCPM3ForCausalLM")
        .with(FamilyDeclaration.Trait.MERGED)
        .attention(
            "self_attn.q_a_proj = attn_q_a",
            "self_attn.q_a_layernorm = attn_q_a_norm",
            "self_attn.q_b_proj = attn_q_b",
            "self_attn.kv_a_proj_with_mqa = attn_kv_a_mqa",
            "self_attn.kv_a_layernorm = attn_kv_a_norm",
            "self_attn.kv_b_proj = attn_kv_b",
            "self_attn.o_proj = attn_output")
        .ownKeys()
        .after(
            DecoderKeys.CONTEXT,
            DecoderKeys.WIDTH,
            DecoderKeys.BLOCKS,
            DecoderKeys.INNER,
            DecoderKeys.HEADS,
            DecoderKeys.KEY_VALUE_HEADS,
            DecoderKeys.RMS_EPS,
            DecoderKeys.VOCABULARY,
            Field.integer(QUERY_RANK_KEY, QUERY_RANK, 768),
            Field.integer("attention.kv_lora_rank", "kv_lora_rank", 256),
            new Field(
                (facts, prefix, target) ->
                    target.uint32(
                        prefix + KEY_WIDTH,
                        facts.fields().positiveInt(PLAIN, 64) + facts.decoder().headDim()),
                (source, prefix, config) ->
                    config.put(
                        PLAIN,
                        source.integer(prefix + KEY_WIDTH).orElse(0)
                            - source.integer(prefix + ROTATED).orElse(0))),
            Field.integer(ROTATED, "qk_rope_head_dim", facts -> facts.decoder().headDim()))
        .scalings(Set.of(RopeScaling.Default.class, RopeScaling.LongRope.class))
        .extraTensors(Phi3::divisors)
        .check(LatentFamilies::requireFixed)
        .complete(
            (metadata, prefix, config) -> {
              long heads = Math.max(1, config.path("num_attention_heads").asLong());
              config.put("v_head_dim", config.path("hidden_size").asLong() / heads);
              config.put("scale_emb", EMBEDDING).put("scale_depth", DEPTH);
              config.put("dim_model_base", BASE).put("rope_theta", THETA);
              if (config.path("rope_scaling") instanceof ObjectNode scaling) {
                scaling.put("attention_factor", 1.0);
              }
            });
  }

  private static void requireFixed(Facts facts) {
    ConfigReader fields = facts.fields();
    double[] stated = {
      fields.positiveNumber("scale_emb", EMBEDDING),
      fields.isNull("scale_depth") ? 0 : fields.positiveNumber("scale_depth", DEPTH),
      fields.isNull("dim_model_base") ? 0 : fields.positiveNumber("dim_model_base", BASE),
      facts.decoder().ropeTheta()
    };
    double[] fixed = {EMBEDDING, DEPTH, BASE, THETA};
    List<String> names = List.of("scale_emb", "scale_depth", "dim_model_base", "rope_theta");
    for (int i = 0; i < fixed.length; i++) {
      if (stated[i] != fixed[i]) {
        throw Checks.refused(facts, names.get(i), String.valueOf(fixed[i]));
      }
    }
    if (fields.isNull(QUERY_RANK)) {
      throw Checks.refused(facts, QUERY_RANK, "a width");
    }
    int width = facts.decoder().hiddenSize() / facts.decoder().heads();
    Checks.number(facts, "v_head_dim", fields.positiveInt("v_head_dim", width), width);
    if (RotaryFrequencies.of(facts.decoder()).attentionFactor() != 1) {
      throw Checks.refused(facts, Checks.scalingField(facts), "scaling without a factor");
    }
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

  static LlamaLike like(String architecture, String modelType, String modelClass) {
    return new LlamaLike(architecture, modelType, modelClass)
        .with(FamilyDeclaration.Trait.MERGED)
        .attention(
            "self_attn.q_a_proj = attn_q_a",
            "self_attn.q_a_layernorm = attn_q_a_norm",
            "self_attn.kv_a_layernorm = attn_kv_a_norm",
            "self_attn.o_proj = attn_output")
        .more(LatentFamilies::keysAndValues)
        .more(LatentFamilies::rotated)
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

  /**
   * Returns the projections with rotated rows, which llama.cpp rotates in adjacent pairs. Where a
   * model rotates halves, rows are reordered, which a file does not say.
   */
  private static List<TensorName> rotated(ModelConfig model) {
    ConfigReader fields = model.fields();
    int plain = fields.positiveInt(PLAIN, 128);
    int rotated = fields.positiveInt("qk_rope_head_dim", 64);
    boolean halves =
        !model.modelType().equals("deepseek_v2") && !fields.bool("rope_interleave", true);
    Layout queries =
        halves ? Layout.SAME.with(RowOrder.pairsAfter(plain, plain + rotated)) : Layout.SAME;
    int rank = fields.positiveInt("kv_lora_rank", 512);
    Layout key = halves ? Layout.SAME.with(RowOrder.pairsAfter(rank, rank + rotated)) : Layout.SAME;
    return List.of(
        TensorName.layer("self_attn.q_proj", "attn_q", queries),
        TensorName.layer("self_attn.q_b_proj", "attn_q_b", queries),
        TensorName.layer("self_attn.kv_a_proj_with_mqa", "attn_kv_a_mqa", key));
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
   * in models of these numbers of layers; 0 means a single projection.
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

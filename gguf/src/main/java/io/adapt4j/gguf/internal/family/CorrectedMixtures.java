package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.RotaryShare;
import java.util.Arrays;
import java.util.List;

/**
 * Mixtures of experts with a score correction bias and leading dense layers: GLM 4.5, dots.llm1,
 * K-EXAONE and Trinity, which route by sigmoids like MiniMax M2, and ERNIE 4.5.
 */
final class CorrectedMixtures {

  private static final String EXPERTS = "num_experts";
  private static final String SHARED = "num_shared_experts";
  private static final String EVERY = "global_attn_every_n_layers";

  /** Layers to each that attends to the whole text, as llama.cpp assumes. */
  private static final int PERIOD = 4;

  private CorrectedMixtures() {}

  /** GLM 4.5 to 4.7: half of each head rotated, query and key norms in the largest model. */
  static FamilyDeclaration<?> glm4Moe() {
    return like("glm4moe", "glm4_moe", "Glm4MoeForCausalLM", 1)
        .rotatesPart()
        .norms("input_layernorm = attn_norm", "post_attention_layernorm = post_attention_norm")
        .queryKeyNorms()
        .biasesOff("mlp_bias")
        // Official files have an extra layer for multi-token prediction.
        .unused(NextLayers::has)
        .complete(NextLayers::remove)
        .complete(RotaryShare::complete)
        .present("attention_bias", "blk.0.attn_q.bias")
        .present("use_qk_norm", "blk.0.attn_q_norm.weight");
  }

  /** dots.llm1: norms on each query and key head; llama.cpp ignores the windows of some layers. */
  static FamilyDeclaration<?> dots1() {
    return like("dots1", "dots1", "Dots1ForCausalLM", 0)
        .queryKeyNorms()
        .window(CorrectedMixtures::windowOfDots)
        .check(Checks::ungroupedHeads);
  }

  private static int windowOfDots(Facts facts) {
    ConfigReader fields = facts.fields();
    int window = SlidingWindows.unlessNull(facts);
    List<String> types = fields.texts("layer_types");
    boolean slides =
        types.isEmpty()
            ? facts.decoder().layers() > fields.positiveInt("max_window_layers", 62)
            : types.contains(SlidingWindows.SLIDING);
    return slides ? window : 0;
  }

  /** A family with a default number of dense layers, of shared experts, and of normalizing. */
  private static LlamaLike like(
      String architecture, String modelType, String modelClass, int absent) {
    return new LlamaLike(architecture, modelType, modelClass)
        .mixture("n_routed_experts", "num_experts_per_tok")
        .more(Experts.shared("mlp.shared_experts"))
        .more(Experts.correction("mlp.gate.e_score_correction_bias"))
        .alsoBefore(
            List.of(
                groups("expert_group_count", "n_group"),
                groups("expert_group_used_count", "topk_group")))
        .after(
            RotaryShare.count(),
            Experts.width(),
            Experts.sharedCount("n_shared_experts", absent),
            Experts.denseLayers(facts -> absent),
            Experts.SIGMOID,
            Field.number("expert_weights_scale", "routed_scaling_factor", 1),
            Field.flag(
                "expert_weights_norm",
                "norm_topk_prob",
                facts -> facts.fields().bool("norm_topk_prob", absent == 1)))
        .check(Experts::requireDenseFirst)
        .check(
            facts -> {
              if (facts.fields().optionalInt("n_shared_experts").orElse(absent) == 0) {
                throw Checks.refused(facts, "n_shared_experts", "at least 1");
              }
            });
  }

  private static Field groups(String key, String field) {
    return Field.integer(key, field, 1).when(facts -> facts.fields().positiveInt("n_group", 1) > 1);
  }

  /** MiniMax M2: norms over all queries and keys together, part of each head rotated. */
  static FamilyDeclaration<?> miniMaxM2() {
    return new LlamaLike("minimax-m2", "minimax_m2", "MiniMaxM2ForCausalLM")
        .requiresOutput()
        .rotatesPart()
        .statesHeadDim(true)
        .queryKeyNorms()
        .feedForward(
            TensorName.concat(
                Experts.names("block_sparse_moe", "w1", "w3", "w2"),
                Experts.correction("block_sparse_moe.e_score_correction_bias"),
                Experts.correction("mlp.e_score_correction_bias")))
        .mixture("num_local_experts", "num_experts_per_tok")
        .alsoBefore(List.of(Experts.SIGMOID))
        .after(
            Field.integer(
                "expert_feed_forward_length",
                "intermediate_size",
                facts -> facts.decoder().intermediateSize()),
            RotaryShare.count())
        .complete(RotaryShare::complete);
  }

  /** K-EXAONE: sliding windows with rotary positions in three of four layers. */
  static FamilyDeclaration<?> exaoneMoe() {
    return new LlamaLike("exaone-moe", "exaone_moe", "ExaoneMoeForCausalLM")
        .byteLevel()
        .queryKeyNorms()
        .mixture(EXPERTS, "num_experts_per_tok")
        .more(Experts.shared("mlp.shared_experts"))
        .more(Experts.correction("mlp.e_score_correction_bias"))
        .more(Experts.correction("mlp.gate.e_score_correction_bias"))
        .alsoBefore(
            List.of(
                groups("expert_group_count", "n_group"),
                groups("expert_group_used_count", "topk_group"),
                Experts.SIGMOID))
        .after(
            DecoderKeys.VOCABULARY,
            DecoderKeys.window(SlidingWindows::stated),
            SlidingWindows.statedPattern(PERIOD),
            Experts.width(),
            Experts.sharedCount(SHARED, 1),
            Field.derived(
                "expert_shared_feed_forward_length",
                facts ->
                    facts.fields().positiveInt(SHARED, 1)
                        * facts.fields().requirePositiveInt("moe_intermediate_size")),
            Field.number("expert_weights_scale", "routed_scaling_factor", 2.5),
            Field.flag(
                "expert_weights_norm",
                "norm_topk_prob",
                facts -> facts.fields().bool("norm_topk_prob", true)),
            Experts.denseLayers(facts -> 1),
            Field.derived("nextn_predict_layers", facts -> 0))
        .windows(CorrectedMixtures::requirePeriod)
        .check(Experts::requireDenseFirst)
        .unused(NextLayers::has)
        .complete(NextLayers::remove);
  }

  private static void requirePeriod(Facts facts) {
    SlidingWindows.requireStated(facts);
    int layers = facts.decoder().layers();
    if (!Arrays.equals(
        SlidingWindows.layers(facts, PERIOD), SlidingWindows.byPeriod(layers, PERIOD))) {
      throw Checks.refused(facts, "layer_types", "each fourth layer full attention");
    }
  }

  /** Trinity: gated attention; norms around branches; windows as K-EXAONE. */
  static FamilyDeclaration<?> afmoe() {
    return new LlamaLike("afmoe", "afmoe", "AfmoeForCausalLM")
        .norms(
            "input_layernorm = attn_norm",
            "post_attention_layernorm = post_attention_norm",
            "pre_mlp_layernorm = ffn_norm",
            "post_mlp_layernorm = post_ffw_norm")
        .queryKeyNorms()
        .statesHeadDim(true)
        .feedForward(
            "mlp.router.gate = ffn_gate_inp",
            "mlp.gate_proj = ffn_gate",
            "mlp.up_proj = ffn_up",
            "mlp.down_proj = ffn_down")
        .mixture(EXPERTS, "num_experts_per_tok")
        .more(TensorName.layers("self_attn.gate_proj = attn_gate"))
        .more(Experts.shared("mlp.shared_experts"))
        .more(Experts.correction("mlp.expert_bias"))
        .alsoBefore(List.of(Experts.SIGMOID))
        .after(
            DecoderKeys.VOCABULARY,
            DecoderKeys.HEAD_ROTATED,
            Experts.sharedCount(SHARED, 2),
            Experts.width(),
            Experts.denseLayers("num_dense_layers", 1),
            Field.written(
                (facts, prefix, target) -> target.bool(prefix + "expert_weights_norm", true)),
            Field.number("expert_weights_scale", "route_scale", 1),
            DecoderKeys.window(facts -> facts.fields().positiveInt("sliding_window", 1024)))
        .windows(
            facts -> {
              if (facts.fields().positiveInt(EVERY, PERIOD) != PERIOD) {
                throw Checks.refused(facts, EVERY, String.valueOf(PERIOD));
              }
              requirePeriod(facts);
            })
        .check(facts -> Checks.flag(facts, "mup_enabled", true, false))
        .complete((metadata, prefix, config) -> config.put("mup_enabled", true).put(EVERY, PERIOD));
  }

  /** ERNIE 4.5 with mixtures of experts in most layers, and interleaved rotary pairs. */
  static FamilyDeclaration<?> ernie45Moe() {
    String shared = "moe_num_shared_experts";
    String end = "moe_layer_end_index";
    return new LlamaLike("ernie4_5-moe", "ernie4_5_moe", "Ernie4_5_MoeForCausalLM")
        .mixture("moe_num_experts", "moe_k")
        .more(Experts.shared("mlp.shared_experts"))
        .more(
            List.of(
                TensorName.layerTensor(
                    "mlp.moe_statics.e_score_correction_bias", "exp_probs_b.bias", Layout.ONE_ROW)))
        .after(
            Field.integer("interleave_moe_layer_step", "moe_layer_interval", 1),
            Experts.denseLayers("moe_layer_start_index", 1),
            Experts.width(),
            Experts.sharedCount(shared, 2),
            Field.derived(
                    "expert_shared_feed_forward_length",
                    facts ->
                        facts.fields().optionalInt(shared).orElse(2)
                            * facts.fields().requirePositiveInt("moe_intermediate_size"))
                .when(facts -> facts.fields().optionalInt(shared).orElse(2) > 0))
        .biasesOff("use_bias")
        .check(
            facts -> {
              ConfigReader fields = facts.fields();
              Checks.number(
                  facts, "moe_layer_interval", fields.positiveInt("moe_layer_interval", 1), 1);
              int last = fields.optionalInt(end).orElse(-1);
              if (last != -1 && last < facts.decoder().layers() - 1) {
                throw Checks.refused(facts, end, "-1, or the last layer,");
              }
            });
  }
}

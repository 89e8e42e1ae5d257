package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.hybrid.Bamba;
import io.adapt4j.core.internal.nn.family.hybrid.Lfm2;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.LayerKinds;
import io.adapt4j.gguf.internal.metadata.RopeFields;
import io.adapt4j.gguf.internal.metadata.RotaryShare;
import java.util.List;

/** Hybrids of attention with state spaces or short convolutions: Bamba, Falcon-H1 and LFM2. */
final class HybridFamilies {

  private static final String ATTENDING = "attn_layer_indices";
  private static final String KERNEL = "conv_L_cache";
  private static final Field KERNEL_SIZE = Field.integer("shortconv.l_cache", KERNEL, 3);

  private HybridFamilies() {}

  /** Bamba: state-space and attention layers, stored under the architecture name of Granite 4. */
  static FamilyDeclaration<?> bamba() {
    return new LlamaLike("granitehybrid", "bamba", "BambaForCausalLM")
        // Granite always states an attention scale.
        .fits(metadata -> metadata.number("granitehybrid.attention.scale").isEmpty())
        .rotatesPart()
        .pairs()
        .statesHeadDim(false)
        .more(model -> StateSpace.names(model.fields(), Layout.SAME, Layout.SAME))
        .finalNorm("final_layernorm")
        .feedForward(
            "feed_forward.gate_proj = ffn_gate",
            "feed_forward.up_proj = ffn_up",
            "feed_forward.down_proj = ffn_down")
        .norms("input_layernorm = attn_norm", "pre_ff_layernorm = ffn_norm")
        .keyValueHeads(
            LayerKinds.heads(
                facts -> Bamba.attending(facts.fields(), facts.decoder().layers())::contains))
        .after(
            DecoderKeys.VOCABULARY,
            RotaryShare.count(),
            StateSpace.KERNEL,
            StateSpace.STATE_SIZE,
            StateSpace.GROUP_COUNT,
            StateSpace.INNER_SIZE,
            StateSpace.HEAD_COUNT,
            Field.written(
                (facts, prefix, target) -> target.bool(prefix + "rope.scaling.finetuned", true)))
        .anyBiases()
        .usualHeadDim()
        .check(StateSpace::require)
        .check(StateSpace::requireOneGroup)
        .complete(HybridFamilies::putAttending)
        .complete(StateSpace::complete)
        .complete(RotaryShare::complete)
        .fit(
            (tensors, config) ->
                config.put(
                    "attention_bias",
                    tensors.stream().anyMatch(name -> name.endsWith(".attn_q.bias"))))
        .present("mlp_bias", "blk.0.ffn_down.bias");
  }

  private static void putAttending(GgufMetadata metadata, String prefix, ObjectNode config) {
    ArrayNode attending = config.putArray(ATTENDING);
    boolean[] attends = LayerKinds.attending(metadata, prefix, config);
    for (int i = 0; i < attends.length; i++) {
      if (attends[i]) {
        attending.add(i);
      }
    }
  }

  /**
   * Falcon-H1: parallel state space and attention in every layer. Files fold its multipliers into
   * the weights.
   */
  static FamilyDeclaration<?> falconH1() {
    LlamaLike family = new LlamaLike("falcon-h1", "falcon_h1", "FalconH1ForCausalLM");
    return family
        // Output and embedding have different multipliers.
        .requiresOutput()
        .tiedOutput(facts -> scaled(factor(facts.fields(), "lm_head_multiplier")))
        .names(model -> falconH1Names(family.facts(model)))
        .ownKeys(
            DecoderKeys.CONTEXT,
            DecoderKeys.WIDTH,
            DecoderKeys.INNER,
            DecoderKeys.HEADS,
            DecoderKeys.BLOCKS,
            StateSpace.KERNEL,
            StateSpace.INNER_SIZE,
            StateSpace.STATE_SIZE,
            StateSpace.HEAD_COUNT,
            StateSpace.GROUP_COUNT,
            DecoderKeys.RMS_EPS)
        .after(
            DecoderKeys.VOCABULARY,
            DecoderKeys.KEY_VALUE_HEADS,
            DecoderKeys.KEY_LENGTH,
            DecoderKeys.VALUE_LENGTH,
            RopeFields.scaling(),
            DecoderKeys.THETA)
        .biasesOff("attention_bias", "mlp_bias", "projectors_bias")
        .check(StateSpace::require)
        .check(
            facts -> {
              if (facts.fields().bool("mamba_rms_norm", false)) {
                Checks.flag(facts, "mamba_norm_before_gate", false, true);
              }
            })
        .complete(StateSpace::complete)
        .complete(
            (metadata, prefix, config) ->
                config.put("mamba_d_ssm", metadata.integer(prefix + "ssm.inner_size").orElse(0)))
        .present("mamba_rms_norm", "blk.0.ssm_norm.weight")
        .fit((tensors, config) -> config.put("mamba_norm_before_gate", false));
  }

  private static double factor(ConfigReader fields, String name) {
    return fields.positiveNumber(name, 1);
  }

  private static Layout scaled(double factor) {
    return Layout.SAME.scaled(factor);
  }

  private static List<TensorName> falconH1Names(Facts facts) {
    ConfigReader fields = facts.fields();
    double in = factor(fields, "attention_in_multiplier");
    double key = in * factor(fields, "key_multiplier");
    double out = factor(fields, "attention_out_multiplier");
    double gate = fields.numberAt("mlp_multipliers", 0).orElse(1);
    double down = fields.numberAt("mlp_multipliers", 1).orElse(1);
    double embedding = factor(fields, "embedding_multiplier");
    double output = factor(fields, "lm_head_multiplier");
    List<TensorName> names =
        List.of(
            TensorName.of("model.embed_tokens", "token_embd", scaled(embedding)),
            TensorName.of("model.final_layernorm", "output_norm"),
            TensorName.of("lm_head", "output", scaled(output)),
            TensorName.layer("self_attn.q_proj", "attn_q", scaled(in)),
            TensorName.layer("self_attn.k_proj", "attn_k", scaled(key)),
            TensorName.layer("self_attn.v_proj", "attn_v", scaled(in)),
            TensorName.layer("self_attn.o_proj", "attn_output", scaled(out)),
            TensorName.layer("feed_forward.gate_proj", "ffn_gate", scaled(gate)),
            TensorName.layer("feed_forward.up_proj", "ffn_up", Layout.SAME),
            TensorName.layer("feed_forward.down_proj", "ffn_down", scaled(down)),
            TensorName.layer("input_layernorm", "attn_norm", Layout.SAME),
            TensorName.layerTensor("pre_ff_layernorm.weight", "ffn_norm", Layout.SAME));
    return TensorName.concat(
        names,
        StateSpace.names(fields, stateIn(facts), scaled(factor(fields, "ssm_out_multiplier"))));
  }

  /**
   * Returns the layout of the state-space input; gates, values, B, C and steps have different
   * multipliers.
   */
  private static Layout stateIn(Facts facts) {
    ConfigReader fields = facts.fields();
    double all = factor(fields, "ssm_in_multiplier");
    double[] own = new double[5];
    boolean none = all == 1;
    for (int i = 0; i < own.length; i++) {
      own[i] = fields.numberAt("ssm_multipliers", i).orElse(1);
      none &= own[i] == 1;
    }
    if (none) {
      return Layout.SAME;
    }
    int inner = StateSpace.inner(facts);
    int keys = fields.positiveInt("mamba_n_groups", 1) * fields.positiveInt("mamba_d_state", 256);
    int[] ends = {inner, 2 * inner, 2 * inner + keys, 2 * inner + 2 * keys};
    return Layout.SAME.scaled(
        row -> {
          int part = 0;
          while (part < ends.length && row >= ends[part]) {
            part++;
          }
          return all * own[part];
        });
  }

  /** LFM2: gated short convolutions, and attention in some layers. */
  static FamilyDeclaration<?> lfm2() {
    return lfm2("lfm2", "lfm2", "Lfm2ForCausalLM")
        .alsoOf("lfm2-vl", "lfm2_vl")
        .whole(HybridFamilies::isVision)
        .accepts(model -> !isVision(model) || model.text().modelType().equals("lfm2"))
        .names(model -> lfm2Names())
        .inner(
            Field.integer(
                "feed_forward_length",
                "intermediate_size",
                facts ->
                    Math.toIntExact(
                        Lfm2.innerWidth(facts.fields(), facts.decoder().intermediateSize()))))
        .alsoBefore(List.of(DecoderKeys.VOCABULARY, KERNEL_SIZE))
        .complete((metadata, prefix, config) -> config.put("block_auto_adjust_ff_dim", false));
  }

  private static boolean isVision(ModelConfig model) {
    return model.modelType().matches("lfm2.vl");
  }

  /** LFM2 with mixtures of experts after some dense layers, which are chosen by sigmoids. */
  static FamilyDeclaration<?> lfm2Moe() {
    return lfm2("lfm2moe", "lfm2_moe", "Lfm2MoeForCausalLM")
        .names(
            model ->
                TensorName.concat(
                    lfm2Names(),
                    Experts.names("feed_forward", "w1", "w3", "w2"),
                    Experts.stacks("feed_forward.experts", "gate_up_proj", "down_proj"),
                    Experts.correction("feed_forward.expert_bias")))
        .alsoBefore(Experts.counts("num_experts", "num_experts_per_tok"))
        .after(
            Experts.width(),
            Experts.denseLayers("num_dense_layers", 2),
            Experts.SIGMOID,
            DecoderKeys.VOCABULARY,
            KERNEL_SIZE)
        .check(facts -> Checks.flag(facts, "use_expert_bias", true, true))
        .check(facts -> Experts.requireNormalized(facts, true, true))
        .check(
            facts -> {
              if (facts.fields().positiveNumber("routed_scaling_factor", 1) != 1) {
                throw Checks.refused(facts, "routed_scaling_factor", "1");
              }
            });
  }

  private static LlamaLike lfm2(String architecture, String modelType, String modelClass) {
    return new LlamaLike(architecture, modelType, modelClass)
        .keyValueHeads(
            LayerKinds.heads(
                facts -> LayerKinds.full(Lfm2.types(facts.fields(), facts.decoder().layers()))))
        .normEps(Field.number("attention.layer_norm_rms_epsilon", "norm_eps", 1e-5))
        .biasesOff("conv_bias")
        .usualHeadDim()
        .check(
            facts -> {
              if (facts.fields().positiveInt(KERNEL, 3) < 2) {
                throw Checks.refused(facts, KERNEL, "at least 2");
              }
            })
        .complete(LayerKinds.types(SlidingWindows.FULL, "conv"))
        .complete((metadata, prefix, config) -> config.put("conv_bias", false));
  }

  private static List<TensorName> lfm2Names() {
    return TensorName.concat(
        // The final norm has this name in files.
        TensorName.modules(
            "model.embed_tokens = token_embd",
            "model.embedding_norm = token_embd_norm",
            "lm_head = output"),
        TensorName.layers(
            "operator_norm = attn_norm",
            "ffn_norm = ffn_norm",
            "self_attn.q_proj = attn_q",
            "self_attn.k_proj = attn_k",
            "self_attn.v_proj = attn_v",
            "self_attn.out_proj = attn_output",
            "self_attn.q_layernorm = attn_q_norm",
            "self_attn.k_layernorm = attn_k_norm",
            "conv.in_proj = shortconv.in_proj",
            "conv.out_proj = shortconv.out_proj",
            "feed_forward.w1 = ffn_gate",
            "feed_forward.w3 = ffn_up",
            "feed_forward.w2 = ffn_down"),
        TensorName.layers(Layout.SQUEEZED, "conv.conv = shortconv.conv"));
  }
}

package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.NullNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.nn.family.expert.HunyuanMoe;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.GroupedRows;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.RopeFields;
import io.adapt4j.gguf.internal.metadata.RotaryShare;
import io.adapt4j.gguf.internal.metadata.TokenizerStyle;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Llama-like decoder families that stand alone, in alphabetical order. */
final class DecoderFamilies {

  private static final String WINDOW = "sliding_window";

  /** Layer count by which llama.cpp recognizes EXAONE 4 32B, the only one with windows. */
  private static final int LAYERS_OF_EXAONE_32B = 64;

  /** Context length for Hunyuan's scaled base, which configurations do not state. */
  private static final int LONGEST_OF_HUNYUAN = 256 * 1024;

  private static final int STATED_BY_HUNYUAN = 32 * 1024;

  /** Keys of Hunyuan's base, which already includes the scaling. */
  private static final Field STRETCHED =
      Field.written(
              (facts, prefix, target) -> {
                target.string(prefix + "rope.scaling.type", "none");
                target.float32(prefix + "rope.scaling.factor", 1);
                target.uint32(
                    prefix + "rope.scaling.original_context_length", facts.contextLength());
              })
          .when(facts -> stretched(facts.model()).isPresent());

  private DecoderFamilies() {}

  /**
   * Command R: parallel attention and MLP after one bias-free layer norm, and scaled logits; norms
   * of queries and keys in Command R+.
   */
  static FamilyDeclaration<?> cohere() {
    return cohere("command-r", "cohere", "CohereForCausalLM")
        .queryKeyNorms()
        .after(RopeFields.none())
        .adjust(
            facts ->
                new Facts(
                    facts.model(),
                    facts.decoder(),
                    facts.fields().positiveInt("model_max_length", facts.contextLength())))
        .check(
            facts -> {
              // llama.cpp expects query and key norms from this number of layers on.
              boolean norms = facts.fields().bool("use_qk_norm", false);
              if (norms != facts.decoder().layers() >= 64) {
                throw Checks.refused(
                    facts, "num_hidden_layers", norms ? "at least 64" : "fewer than 64");
              }
            })
        .present("use_qk_norm", "blk.0.attn_q_norm.weight");
  }

  /** Command R7B: sliding windows in three of four layers, no rotary positions in the others. */
  static FamilyDeclaration<?> cohere2() {
    return cohere("cohere2", "cohere2", "Cohere2ForCausalLM")
        .statesHeadDim(true)
        .rotatesPart()
        .after(
            DecoderKeys.window(facts -> facts.fields().positiveInt(WINDOW, 4096)),
            DecoderKeys.VOCABULARY,
            RotaryShare.count(),
            RopeFields.none(),
            SlidingWindows.pattern(
                4, facts -> facts.fields().positiveInt("_sliding_window_pattern", 4)))
        .windows(SlidingWindows::requireStated)
        .complete(RotaryShare::complete);
  }

  private static LlamaLike cohere(String architecture, String modelType, String modelClass) {
    return new LlamaLike(architecture, modelType, modelClass)
        .byteLevel()
        .norms("input_layernorm = attn_norm")
        .normEps(DecoderKeys.layerNormEps("layer_norm_eps"))
        .after(Field.number("logit_scale", "logit_scale", 0.0625))
        .usualHeadDim()
        .check(Checks::tied);
  }

  /** ERNIE 4.5, dense: Llama whose stored rows are already in rotary pairs. */
  static FamilyDeclaration<?> ernie45() {
    return new LlamaLike("ernie4_5", "ernie4_5", "Ernie4_5ForCausalLM")
        .tokenizer(TokenizerStyle.ERNIE)
        .statesHeadDim(true)
        .biasesOff("use_bias")
        .complete(RopeFields::readHeadDim);
  }

  /**
   * EXAONE 4: norms after each branch and, in the 32B model, sliding windows in three of four
   * layers.
   */
  static FamilyDeclaration<?> exaone4() {
    return new LlamaLike("exaone4", "exaone4", "Exaone4ForCausalLM")
        .byteLevel()
        .norms(
            "post_attention_layernorm = post_attention_norm",
            "post_feedforward_layernorm = post_ffw_norm")
        .queryKeyNorms()
        .after(
            DecoderKeys.VOCABULARY,
            DecoderKeys.window(SlidingWindows::unlessNull)
                .when(facts -> SlidingWindows.unlessNull(facts) > 0),
            SlidingWindows.statedPattern(4).when(facts -> SlidingWindows.unlessNull(facts) > 0))
        .windows(
            facts -> {
              boolean fixed = facts.decoder().layers() == LAYERS_OF_EXAONE_32B;
              if (SlidingWindows.unlessNull(facts) > 0 != fixed) {
                throw Checks.refused(
                    facts,
                    WINDOW,
                    fixed ? "a number" : "null but with " + LAYERS_OF_EXAONE_32B + " layers");
              }
            })
        .llama3Scaling()
        .usualHeadDim()
        // llama.cpp assumes a window for this number of layers, whatever the file says.
        .complete(
            (metadata, prefix, config) -> {
              if (config.path("num_hidden_layers").asInt() != LAYERS_OF_EXAONE_32B) {
                config.set(WINDOW, NullNode.getInstance());
                config.remove("layer_types");
              } else if (!config.has(WINDOW)) {
                config.put(WINDOW, 4096);
              }
            });
  }

  /** GLM-4 of 2024: norms before branches only. */
  static FamilyDeclaration<?> glm() {
    return glm("chatglm", "glm", "GlmForCausalLM")
        .norms("input_layernorm = attn_norm", "post_attention_layernorm = ffn_norm")
        .ownKeys(
            DecoderKeys.CONTEXT,
            DecoderKeys.WIDTH,
            DecoderKeys.INNER,
            DecoderKeys.BLOCKS,
            DecoderKeys.HEADS,
            DecoderKeys.KEY_VALUE_HEADS,
            DecoderKeys.RMS_EPS)
        .after(Field.withoutBeginning(), DecoderKeys.THETA, RopeFields.scaling())
        .usualHeadDim();
  }

  /** GLM-4-0414: norms before and after each branch. */
  static FamilyDeclaration<?> glm4() {
    return glmWithNorms().fits(metadata -> !hasSections(metadata));
  }

  /** GLM-OCR: llama.cpp has rotary positions in sections on halves of heads only. */
  static FamilyDeclaration<?> glmOcr() {
    return glmWithNorms()
        .alsoOf("glm_ocr")
        .whole(model -> model.modelType().equals("glm_ocr"))
        .accepts(model -> model.modelType().equals("glm_ocr"))
        .fits(DecoderFamilies::hasSections)
        .textType(model -> "glm_ocr")
        .halves()
        .after(QwenLinearFamilies.SECTIONS_KEY);
  }

  private static boolean hasSections(GgufMetadata metadata) {
    return metadata.keys().contains("glm4.rope.dimension_sections");
  }

  private static LlamaLike glmWithNorms() {
    return glm("glm4", "glm4", "Glm4ForCausalLM")
        .norms(
            "input_layernorm = attn_norm",
            "post_self_attn_layernorm = post_attention_norm",
            "post_attention_layernorm = ffn_norm",
            "post_mlp_layernorm = post_ffw_norm");
  }

  /** A family with fused gate and up projection, and half of each head rotated. */
  private static LlamaLike glm(String architecture, String modelType, String modelClass) {
    return new LlamaLike(architecture, modelType, modelClass)
        .byteLevel()
        .rotatesPart()
        .feedForward("mlp.gate_up_proj = ffn_up", "mlp.down_proj = ffn_down")
        .statesHeadDim(true)
        .after(RotaryShare.count())
        .anyBiases()
        .complete(RopeFields::readHeadDim)
        .complete(RotaryShare::complete)
        .present("attention_bias", "blk.0.attn_q.bias");
  }

  /** Hunyuan, dense: norms after rotation of queries and keys, and a scaled rotary base. */
  static FamilyDeclaration<?> hunyuan() {
    return hunyuan("hunyuan-dense", "hunyuan_v1_dense", "HunYuanDenseV1ForCausalLM")
        .adjust(DecoderFamilies::withLongest)
        .after(STRETCHED);
  }

  /** Hunyuan with a mixture of experts, and a shared expert, in every layer. */
  static FamilyDeclaration<?> hunyuanMoe() {
    return hunyuan("hunyuan-moe", "hunyuan_v1_moe", "HunYuanMoEV1ForCausalLM")
        .adjust(
            facts ->
                withLongest(
                    new Facts(
                        HunyuanMoe.withUniformExperts(facts.model()),
                        facts.decoder(),
                        facts.contextLength())))
        .feedForward(
            TensorName.concat(
                TensorName.layers("mlp.gate.wg = ffn_gate_inp"),
                Experts.usual(),
                Experts.shared("mlp.shared_mlp")))
        .alsoBefore(Experts.counts("num_experts", "moe_topk"))
        .after(
            Field.derived(
                "expert_shared_feed_forward_length", facts -> facts.decoder().intermediateSize()),
            Field.derived(
                "expert_feed_forward_length", facts -> facts.decoder().intermediateSize()),
            Field.derived("expert_shared_count", facts -> 1),
            STRETCHED);
  }

  private static LlamaLike hunyuan(String architecture, String modelType, String modelClass) {
    return new LlamaLike(architecture, modelType, modelClass)
        .byteLevel()
        .queryKeyNorms("query_layernorm", "key_layernorm");
  }

  private static Facts withLongest(Facts facts) {
    return stretched(facts.model()).isPresent() && facts.contextLength() == STATED_BY_HUNYUAN
        ? new Facts(facts.model(), facts.decoder(), LONGEST_OF_HUNYUAN)
        : facts;
  }

  private static Optional<ConfigReader> stretched(ModelConfig model) {
    String field = model.fields().has("rope_scaling") ? "rope_scaling" : "rope_parameters";
    return model.fields().child(field).filter(own -> own.has("alpha"));
  }

  /**
   * InternLM 2 and 2.5: Llama with other names, and a fused query, key and value matrix that files
   * split in three.
   */
  static FamilyDeclaration<?> internLm2() {
    LlamaLike family = new LlamaLike("internlm2", "internlm2", "InternLM2ForCausalLM");
    return family
        .tokenizer(TokenizerStyle.INTERN_LM)
        .requiresOutput()
        .names(
            model ->
                TensorName.concat(
                    TensorName.modules(
                        "model.tok_embeddings = token_embd",
                        "model.norm = output_norm",
                        "output = output"),
                    TensorName.concat(
                        fused(family.facts(model).decoder()),
                        TensorName.layers(
                            "attention.wo = attn_output",
                            "feed_forward.w1 = ffn_gate",
                            "feed_forward.w3 = ffn_up",
                            "feed_forward.w2 = ffn_down",
                            "attention_norm = attn_norm",
                            "ffn_norm = ffn_norm"))))
        // Dynamic scaling starts beyond the stated context.
        .scalings(
            Set.of(
                RopeScaling.Default.class,
                RopeScaling.Linear.class,
                RopeScaling.Dynamic.class,
                RopeScaling.Yarn.class))
        .biases(facts -> Checks.flag(facts, "bias", false, true))
        .usualHeadDim()
        .check(
            facts -> {
              if (facts.decoder().ropeScaling() instanceof RopeScaling.Dynamic
                  && facts.contextLength() > facts.decoder().maxPositionEmbeddings()) {
                throw Checks.refused(
                    facts, Checks.scalingField(facts), "none for a longer context");
              }
            })
        .complete((metadata, prefix, config) -> config.put("bias", false));
  }

  private static List<TensorName> fused(DecoderConfig decoder) {
    int heads = decoder.heads();
    int groups = decoder.kvHeads();
    return List.of(
        fused("attn_q", GroupedRows.paired(heads, groups, GroupedRows.Part.QUERIES)),
        fused("attn_k", GroupedRows.paired(heads, groups, GroupedRows.Part.KEYS)),
        fused("attn_v", GroupedRows.paired(heads, groups, GroupedRows.Part.VALUES)));
  }

  private static TensorName fused(String gguf, Layout layout) {
    return TensorName.layer("attention.wqkv", gguf, layout);
  }

  /** Nemotron 4 and Minitron: layer norm weights stored plus 1, and an ungated squared ReLU. */
  static FamilyDeclaration<?> nemotron() {
    return new LlamaLike("nemotron", "nemotron", "NemotronForCausalLM")
        .requiresOutput()
        .rotatesPart()
        .normLayout(Layout.PLUS_ONE)
        .feedForward("mlp.up_proj = ffn_up", "mlp.down_proj = ffn_down")
        // Official files also have the key of RMS norms.
        .normEps(Field.number("attention.layer_norm_rms_epsilon", "norm_eps", 1e-5))
        .statesHeadDim(true)
        .after(
            DecoderKeys.VOCABULARY,
            DecoderKeys.layerNormEps("norm_eps"),
            RotaryShare.count(),
            RopeFields.none())
        .activations(Set.of("relu2"))
        .scalings(Set.of(RopeScaling.Default.class, RopeScaling.Linear.class))
        .anyBiases()
        .usualHeadDim()
        .complete(RotaryShare::complete)
        .present("attention_bias", "blk.0.attn_q.bias")
        .present("mlp_bias", "blk.0.ffn_up.bias");
  }

  /** Phi 1 to 2: parallel attention and MLP after one layer norm, biases everywhere. */
  static FamilyDeclaration<?> phi() {
    return new LlamaLike("phi2", "phi", "PhiForCausalLM")
        .byteLevel()
        .requiresOutput()
        .rotatesPart()
        .finalNorm("final_layernorm")
        .attention(
            "self_attn.q_proj = attn_q",
            "self_attn.k_proj = attn_k",
            "self_attn.v_proj = attn_v",
            "self_attn.dense = attn_output")
        .feedForward("mlp.fc1 = ffn_up", "mlp.fc2 = ffn_down")
        .norms("input_layernorm = attn_norm")
        .ownKeys(
            DecoderKeys.CONTEXT,
            DecoderKeys.WIDTH,
            DecoderKeys.INNER,
            DecoderKeys.BLOCKS,
            DecoderKeys.HEADS,
            DecoderKeys.KEY_VALUE_HEADS,
            DecoderKeys.layerNormEps("layer_norm_eps"),
            RotaryShare.count())
        .after(
            Field.withoutBeginning(),
            RopeFields.scaling(),
            RopeFields.unusualTheta(),
            Field.activation("hidden_act", "gelu_new"))
        .activations(Field.GELU)
        .anyBiases()
        .usualHeadDim()
        .check(facts -> Checks.off(facts, "qk_layernorm"))
        .complete(RotaryShare::complete);
  }

  /** Seed-OSS: Llama with query, key and value biases. */
  static FamilyDeclaration<?> seedOss() {
    return new LlamaLike("seed_oss", "seed_oss", "SeedOssForCausalLM")
        .byteLevel()
        .norms("input_layernorm = attn_norm", "post_attention_layernorm = post_attention_norm")
        .statesHeadDim(true)
        .biasesOff("attention_out_bias", "mlp_bias")
        .complete(RopeFields::readHeadDim)
        .present("attention_bias", "blk.0.attn_q.bias")
        .fit((tensors, config) -> config.put("attention_out_bias", false));
  }

  /**
   * StableLM 2 and 3: layer norms, a quarter of each head rotated, optionally parallel branches and
   * norms of each query and key head.
   */
  static FamilyDeclaration<?> stableLm() {
    String parallel = "use_parallel_residual";
    return new LlamaLike("stablelm", "stablelm", "StableLmForCausalLM")
        .byteLevel()
        .requiresOutput()
        .rotatesPart()
        .more(
            TensorName.layers(
                "self_attn.q_layernorm.norms." + Place.EXPERT + " = attn_q_norm",
                "self_attn.k_layernorm.norms." + Place.EXPERT + " = attn_k_norm"))
        .ownKeys(
            DecoderKeys.CONTEXT,
            DecoderKeys.WIDTH,
            DecoderKeys.BLOCKS,
            DecoderKeys.INNER,
            RotaryShare.count(),
            DecoderKeys.HEADS,
            DecoderKeys.KEY_VALUE_HEADS,
            Field.flag(parallel, parallel, facts -> facts.fields().bool(parallel, false)),
            DecoderKeys.layerNormEps("layer_norm_eps"))
        .after(RopeFields.scaling(), RopeFields.unusualTheta())
        .anyBiases()
        .usualHeadDim()
        .complete(RotaryShare::complete)
        // Branches are parallel if there is no second norm, whatever official files state.
        .fit((tensors, config) -> config.put(parallel, !tensors.contains("blk.0.ffn_norm.weight")))
        .present("qk_layernorm", "blk.0.attn_q_norm.weight")
        .present("use_qkv_bias", "blk.0.attn_q.bias");
  }

  /** StarCoder 2: layer norms, an MLP without a gate, biases everywhere. */
  static FamilyDeclaration<?> starcoder2() {
    return new LlamaLike("starcoder2", "starcoder2", "Starcoder2ForCausalLM")
        .byteLevel()
        .feedForward("mlp.c_fc = ffn_up", "mlp.c_proj = ffn_down")
        .normEps(DecoderKeys.layerNormEps("norm_epsilon"))
        .after(Field.activation("hidden_act", "gelu_pytorch_tanh"))
        .activations(Field.GELU)
        .window(SlidingWindows::stated)
        .biases(facts -> Checks.flag(facts, "use_bias", true, true))
        .usualHeadDim()
        .fit((tensors, config) -> config.put("use_bias", true));
  }
}

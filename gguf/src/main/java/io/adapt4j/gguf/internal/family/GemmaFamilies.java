package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.EmbeddingKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.RopeFields;
import io.adapt4j.gguf.internal.metadata.TokenizerStyle;
import java.util.List;
import java.util.Set;

/** Gemma 1 to 3, VaultGemma and EmbeddingGemma: norm weights are stored plus 1. */
final class GemmaFamilies {

  static final String ATTENTION_CAP = "attn_logit_softcapping";
  static final String FINAL_CAP = "final_logit_softcapping";

  private static final String GELU = "gelu_pytorch_tanh";
  private static final String QUERY_SCALE = "query_pre_attn_scalar";

  /** Layer counts of the 27B models, where llama.cpp scales queries by hidden size over heads. */
  private static final int LAYERS_OF_GEMMA_2_27B = 46;

  private static final int LAYERS_OF_GEMMA_3_27B = 62;

  private static final Set<String> DENSE =
      Set.of(EmbeddingKeys.FIRST_DENSE, EmbeddingKeys.SECOND_DENSE);

  private GemmaFamilies() {}

  /** Gemma 1: tied embedding and output. */
  static FamilyDeclaration<?> gemma() {
    return first("gemma", "GemmaForCausalLM").tokenizer(TokenizerStyle.GEMMA_1);
  }

  /**
   * VaultGemma, written as Gemma 1: within its sliding window, a model without soft-capping is
   * equivalent.
   */
  static FamilyDeclaration<?> vaultGemma() {
    return first("vaultgemma", "VaultGemmaForCausalLM")
        .norms("input_layernorm = attn_norm", "pre_feedforward_layernorm = ffn_norm")
        .window(facts -> SlidingWindows.inSomeLayer(facts, SlidingWindows::unlessNull))
        .check(facts -> requireQueryScale(facts, 0))
        .check(
            facts -> {
              for (String field : List.of(ATTENTION_CAP, FINAL_CAP)) {
                if (!facts.fields().isNull(field)) {
                  throw Checks.refused(facts, field, "null");
                }
              }
            })
        .onlyWritten();
  }

  private static LlamaLike first(String modelType, String modelClass) {
    return olderKeys(like("gemma", modelType, modelClass))
        .norms("input_layernorm = attn_norm", "post_attention_layernorm = ffn_norm")
        .after(RopeFields.scaling(), RopeFields.unusualTheta(), activation())
        .check(Checks::tied)
        .complete(RopeFields::readHeadDim);
  }

  /** Gemma 2: soft-capped logits, and a sliding window in every other layer. */
  static FamilyDeclaration<?> gemma2() {
    return olderKeys(like("gemma2", "gemma2", "Gemma2ForCausalLM"))
        .after(
            Field.number(ATTENTION_CAP, ATTENTION_CAP, facts -> softCap(facts, ATTENTION_CAP, 50)),
            Field.number(FINAL_CAP, FINAL_CAP, facts -> softCap(facts, FINAL_CAP, 30)),
            DecoderKeys.window(facts -> facts.fields().positiveInt("sliding_window", 4096)),
            SlidingWindows.pattern(2, facts -> 2),
            RopeFields.scaling(),
            DecoderKeys.THETA.when(facts -> facts.decoder().ropeTheta() != 10_000),
            activation())
        .windows(SlidingWindows::requireStated)
        .check(facts -> requireQueryScale(facts, LAYERS_OF_GEMMA_2_27B))
        .check(Checks::tied)
        .check(
            facts -> {
              for (String field : List.of(ATTENTION_CAP, FINAL_CAP)) {
                if (facts.fields().isNull(field)) {
                  throw Checks.refused(facts, field, "a number");
                }
              }
            })
        .complete(
            (metadata, prefix, config) -> {
              putQueryScale(config, LAYERS_OF_GEMMA_2_27B);
              if (!config.has("rope_theta")) {
                config.put("rope_theta", 10_000.0);
              }
            });
  }

  /**
   * The text model of Gemma 3: query and key norms, and separate rotary frequencies for
   * sliding-window layers.
   */
  static FamilyDeclaration<?> gemma3() {
    LlamaLike family = third("gemma3", "Gemma3ForCausalLM");
    return family
        .alsoOf("gemma3")
        .whole(GemmaFamilies::isWhole)
        .accepts(model -> !seesBothWays(isWhole(model) ? model.text() : model));
  }

  /** EmbeddingGemma: Gemma 3 with bidirectional attention, and two Dense layers after pooling. */
  static FamilyDeclaration<?> embeddingGemma() {
    LlamaLike family = third("gemma-embedding", "Gemma3TextModel");
    return family
        .with(FamilyDeclaration.Trait.READS_TEXTS, FamilyDeclaration.Trait.DENSE)
        .accepts(GemmaFamilies::seesBothWays)
        .unused((gguf, model) -> DENSE.contains(gguf))
        // The class without an output head has names without a prefix.
        .names(model -> family.tensorNames(model).stream().map(TensorName::withoutRoot).toList())
        .after(
            new Field(
                (facts, prefix, target) -> target.bool(prefix + "attention.causal", false),
                (source, prefix, config) -> config.put("use_bidirectional_attention", true)));
  }

  private static LlamaLike third(String architecture, String modelClass) {
    return like(architecture, "gemma3_text", modelClass)
        .queryKeyNorms()
        .statesHeadDim(true)
        .localTheta(localTheta())
        .after(
            Field.number(FINAL_CAP, FINAL_CAP, facts -> softCap(facts, FINAL_CAP, 0))
                .when(facts -> facts.fields().has(FINAL_CAP)),
            DecoderKeys.window(facts -> facts.fields().positiveInt("sliding_window", 4096)),
            SlidingWindows.pattern(
                6, facts -> facts.fields().positiveInt("sliding_window_pattern", 6)),
            activation())
        .windows(SlidingWindows::requireStated)
        .check(facts -> requireQueryScale(facts, LAYERS_OF_GEMMA_3_27B))
        .check(
            facts -> {
              // It would also scale the vectors of sliding-window layers, which have no scaling.
              if (RopeFields.attentionShare(facts.decoder()) != 1) {
                throw Checks.refused(
                    facts, Checks.scalingField(facts), "yarn without attention_factor and mscale");
              }
            })
        .complete((metadata, prefix, config) -> putQueryScale(config, LAYERS_OF_GEMMA_3_27B));
  }

  /** A family with the settings that all of Gemma have in common, and four norms a layer. */
  static LlamaLike like(String architecture, String modelType, String modelClass) {
    return new LlamaLike(architecture, modelType, modelClass)
        .tokenizer(TokenizerStyle.GEMMA)
        .normLayout(Layout.PLUS_ONE)
        .norms(
            "input_layernorm = attn_norm",
            "post_attention_layernorm = post_attention_norm",
            "pre_feedforward_layernorm = ffn_norm",
            "post_feedforward_layernorm = post_ffw_norm")
        .activations(Field.GELU);
  }

  private static LlamaLike olderKeys(LlamaLike family) {
    return family.ownKeys(
        DecoderKeys.CONTEXT,
        DecoderKeys.WIDTH,
        DecoderKeys.BLOCKS,
        DecoderKeys.INNER,
        DecoderKeys.HEADS,
        DecoderKeys.KEY_VALUE_HEADS,
        DecoderKeys.RMS_EPS,
        DecoderKeys.KEY_LENGTH,
        DecoderKeys.VALUE_LENGTH);
  }

  /** Returns whether a model is multimodal, with a nested text model. */
  static boolean isWhole(ModelConfig model) {
    return !model.modelType().endsWith("_text");
  }

  /** Returns whether attention is bidirectional, as in an embedding model. */
  private static boolean seesBothWays(ModelConfig text) {
    return text.fields().bool("use_bidirectional_attention", false);
  }

  /** Returns the key for the rotary base of sliding-window layers. */
  static Field localTheta() {
    return Field.number(
        "rope.freq_base_swa",
        "rope_local_base_freq",
        facts -> {
          ConfigReader fields = facts.fields();
          return fields
              .child("rope_parameters")
              .flatMap(all -> all.child(SlidingWindows.SLIDING))
              .map(own -> RopeFields.plain(own).positiveNumber("rope_theta", 10_000))
              .orElse(fields.positiveNumber("rope_local_base_freq", 10_000));
        });
  }

  static Field activation() {
    return Field.activation("hidden_activation", GELU);
  }

  static double softCap(Facts facts, String field, double absent) {
    return facts.fields().isNull(field) ? 0 : facts.fields().positiveNumber(field, absent);
  }

  /**
   * Requires that queries are scaled by the head size or, in the largest model, by hidden size over
   * heads.
   */
  private static void requireQueryScale(Facts facts, int layersOf27B) {
    DecoderConfig decoder = facts.decoder();
    int fixed =
        decoder.layers() == layersOf27B
            ? decoder.hiddenSize() / decoder.heads()
            : decoder.headDim();
    if (facts.fields().positiveNumber(QUERY_SCALE, 256) != fixed) {
      throw Checks.refused(facts, QUERY_SCALE, String.valueOf(fixed));
    }
  }

  private static void putQueryScale(ObjectNode config, int layersOf27B) {
    boolean largest = config.path("num_hidden_layers").asInt() == layersOf27B;
    int heads = Math.max(1, config.path("num_attention_heads").asInt());
    config.put(
        QUERY_SCALE,
        largest ? config.path("hidden_size").asInt() / heads : config.path("head_dim").asInt());
  }
}

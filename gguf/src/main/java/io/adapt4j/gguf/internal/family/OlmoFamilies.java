package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.RopeScalingReader;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.RopeFields;
import java.util.Optional;

/** OLMo 1 to 3 and OLMoE. */
final class OlmoFamilies {

  /** Epsilon of OLMo 1's norms; configurations have no field for it. */
  private static final float EPS = 1e-5f;

  private OlmoFamilies() {}

  /** OLMo 1: Llama with norms without weights, and clipped queries, keys and values. */
  static FamilyDeclaration<?> olmo() {
    return new LlamaLike("olmo", "olmo", "OlmoForCausalLM")
        .byteLevel()
        .pairs()
        .norms()
        .normEps(Field.written((facts, prefix, target) -> {}))
        .after(
            Field.written(
                (facts, prefix, target) ->
                    target.float32(prefix + "attention.layer_norm_epsilon", EPS)),
            Field.number(
                    "attention.clamp_kqv",
                    "clip_qkv",
                    facts -> facts.fields().requirePositiveNumber("clip_qkv"))
                .when(facts -> facts.fields().has("clip_qkv")))
        .usualHeadDim();
  }

  /** OLMo 2: norms after each branch, and over the full query and key vectors. */
  static FamilyDeclaration<?> olmo2() {
    return second("olmo2", "Olmo2ForCausalLM")
        .biasesByTensors()
        .fits(metadata -> statedWindow(metadata) == 0);
  }

  /** OLMo 3, written as OLMo 2 with sliding windows. */
  static FamilyDeclaration<?> olmo3() {
    return second("olmo3", "Olmo3ForCausalLM")
        .adjust(OlmoFamilies::requireOneBase)
        .after(
            DecoderKeys.window(SlidingWindows::unlessNull)
                .when(facts -> SlidingWindows.unlessNull(facts) > 0),
            SlidingWindows.statedPattern(4).when(facts -> SlidingWindows.unlessNull(facts) > 0))
        .fits(metadata -> statedWindow(metadata) > 0)
        .complete(
            (metadata, prefix, config) -> {
              if (!config.has("rope_theta")) {
                config.put("rope_theta", 10_000.0);
              }
            });
  }

  private static LlamaLike second(String modelType, String modelClass) {
    return new LlamaLike("olmo2", modelType, modelClass)
        .byteLevel()
        .requiresOutput()
        .norms(
            "post_attention_layernorm = post_attention_norm",
            "post_feedforward_layernorm = post_ffw_norm")
        .queryKeyNorms()
        .usualHeadDim();
  }

  private static long statedWindow(GgufMetadata metadata) {
    return metadata.integer("olmo2.attention.sliding_window").orElse(0);
  }

  /** Requires the same rotary base, without scaling, in sliding-window layers. */
  private static Facts requireOneBase(Facts facts) {
    RopeScalingReader.ofType(facts.fields(), Optional.of(SlidingWindows.SLIDING))
        .map(RopeFields::plain)
        .filter(own -> own.optionalNumber("rope_theta").isPresent())
        .filter(own -> own.requirePositiveNumber("rope_theta") != facts.decoder().ropeTheta())
        .ifPresent(
            own -> {
              throw own.invalid(
                  "rope_theta",
                  "that of full_attention, " + facts.decoder().ropeTheta(),
                  "GGUF has one base for all layers of this family.");
            });
    return facts;
  }

  /** OLMoE: a mixture of experts in every layer, and norms over the full query and key vectors. */
  static FamilyDeclaration<?> olmoe() {
    return new LlamaLike("olmoe", "olmoe", "OlmoeForCausalLM")
        .mixture("num_experts", "num_experts_per_tok")
        .queryKeyNorms()
        .usualHeadDim()
        .check(Checks::ungroupedHeads)
        .check(facts -> Experts.requireNormalized(facts, false, false));
  }
}

package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import java.util.List;
import java.util.OptionalInt;

/** OLMo 1: Llama with norms without weights, and clipped queries, keys and values. */
final class OlmoFamily extends LlamaLikeFamily {

  private static final String LIMIT = "clip_qkv";

  /** Epsilon of the norms; configurations have no field for it. */
  private static final float EPS = 1e-5f;

  @Override
  public String architecture() {
    return "olmo";
  }

  @Override
  public String modelType() {
    return "olmo";
  }

  @Override
  public String modelClass() {
    return "OlmoForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(2048, EPS, "silu", false, 10_000, OptionalInt.empty());
  }

  @Override
  boolean pairsRotaryRows() {
    return true;
  }

  @Override
  void norms(List<TensorName> names) {}

  @Override
  Field normEps() {
    return new Field((facts, prefix, target) -> {}, (source, prefix, config) -> {});
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        new Field(
            (facts, prefix, target) -> target.float32(prefix + "attention.layer_norm_epsilon", EPS),
            (source, prefix, config) -> {}),
        Field.number(
                "attention.clamp_kqv", LIMIT, facts -> facts.fields().requirePositiveNumber(LIMIT))
            .when(facts -> facts.fields().has(LIMIT)));
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
  }
}

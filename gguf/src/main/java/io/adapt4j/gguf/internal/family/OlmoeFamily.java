package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import java.util.List;
import java.util.OptionalInt;

/** OLMoE: a mixture of experts in every layer, and norms over the full query and key vectors. */
final class OlmoeFamily extends MixtureFamily {

  @Override
  public String architecture() {
    return "olmoe";
  }

  @Override
  public String modelType() {
    return "olmoe";
  }

  @Override
  public String modelClass() {
    return "OlmoeForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(4096, 1e-5, "silu", false, 10_000, OptionalInt.empty());
  }

  @Override
  void norms(List<TensorName> names) {
    super.norms(names);
    queryKeyNorms(names);
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
    if (facts.decoder().kvHeads() != facts.decoder().heads()) {
      throw refused(facts, "num_key_value_heads", "num_attention_heads");
    }
    ExpertRows.requireNormalized(facts, false, false);
  }
}

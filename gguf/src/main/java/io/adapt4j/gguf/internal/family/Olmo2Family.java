package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.OptionalInt;

/** OLMo 2: norms after each branch, and over the full query and key vectors. */
class Olmo2Family extends LlamaLikeFamily {

  @Override
  public String architecture() {
    return "olmo2";
  }

  @Override
  public String modelType() {
    return "olmo2";
  }

  @Override
  public String modelClass() {
    return "Olmo2ForCausalLM";
  }

  @Override
  public boolean requiresOutput() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(2048, 1e-5, "silu", false, 10_000, OptionalInt.empty());
  }

  /** Returns whether a file belongs here; OLMo 3 has the same architecture with sliding windows. */
  @Override
  public boolean fits(GgufMetadata metadata) {
    return super.fits(metadata) && statedWindow(metadata) == 0;
  }

  static long statedWindow(GgufMetadata metadata) {
    return metadata.integer("olmo2.attention.sliding_window").orElse(0);
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("post_attention_layernorm", "post_attention_norm"));
    names.add(layer("post_feedforward_layernorm", "post_ffw_norm"));
    names.add(layer("self_attn.q_norm", "attn_q_norm"));
    names.add(layer("self_attn.k_norm", "attn_k_norm"));
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
  }
}

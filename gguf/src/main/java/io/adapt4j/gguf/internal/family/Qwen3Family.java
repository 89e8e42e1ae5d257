package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import java.util.List;
import java.util.OptionalInt;

/** Qwen 3: norms on each query and key head, no biases. */
final class Qwen3Family extends LlamaLikeFamily {

  @Override
  public String architecture() {
    return "qwen3";
  }

  @Override
  public String modelType() {
    return "qwen3";
  }

  @Override
  public String modelClass() {
    return "Qwen3ForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(32_768, 1e-6, "silu", false, 10_000, OptionalInt.of(128));
  }

  /**
   * Returns whether a tensor is unused: the yes/no rows in files of rerankers, which the output
   * matrix also has.
   */
  @Override
  public boolean isUnused(String gguf, ModelConfig model) {
    return gguf.equals(EmbeddingKeys.CLASSIFIER);
  }

  @Override
  boolean statesHeadDim(Facts facts) {
    return true;
  }

  @Override
  void norms(List<TensorName> names) {
    super.norms(names);
    names.add(layer("self_attn.q_norm", "attn_q_norm"));
    names.add(layer("self_attn.k_norm", "attn_k_norm"));
  }

  @Override
  int window(Facts facts) {
    return switchedWindow(facts);
  }
}

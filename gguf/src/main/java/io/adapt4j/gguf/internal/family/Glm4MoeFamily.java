package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** GLM 4.5 to 4.7: half of each head rotated, query and key norms in the largest model. */
final class Glm4MoeFamily extends SigmoidRoutedFamily {

  @Override
  public String architecture() {
    return "glm4moe";
  }

  @Override
  public String modelType() {
    return "glm4_moe";
  }

  @Override
  public String modelClass() {
    return "Glm4MoeForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(131_072, 1e-5, "silu", false, 10_000, OptionalInt.empty());
  }

  @Override
  Facts read(ModelConfig model) {
    return super.read(RotaryShare.withDefault(model, 0.5));
  }

  @Override
  int absent() {
    return 1;
  }

  @Override
  boolean normalizedByDefault() {
    return true;
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm"));
    names.add(layer("post_attention_layernorm", "post_attention_norm"));
    queryKeyNorms(names);
  }

  @Override
  boolean rotatesPart() {
    return true;
  }

  /** Rejects MLP biases; those of query, key and value are read if present. */
  @Override
  void requireBiases(Facts facts) {
    requireOff(facts, "mlp_bias");
  }

  /**
   * Returns whether a tensor is unused: official files have an extra layer for multi-token
   * prediction.
   */
  @Override
  public boolean isUnused(String gguf, ModelConfig model) {
    return NextLayers.has(gguf, model);
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    NextLayers.remove(metadata, architecture() + ".", config);
    RotaryShare.complete(metadata, architecture() + ".", config);
  }

  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    config.put("attention_bias", tensors.contains("blk.0.attn_q.bias"));
    config.put("use_qk_norm", tensors.contains("blk.0.attn_q_norm.weight"));
  }
}

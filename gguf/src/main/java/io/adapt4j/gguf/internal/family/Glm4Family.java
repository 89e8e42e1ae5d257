package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * GLM-4-0414: fused gate and up projection, half of each head rotated, norms before and after each
 * branch.
 */
class Glm4Family extends LlamaLikeFamily {

  @Override
  public String architecture() {
    return "glm4";
  }

  @Override
  public String modelType() {
    return "glm4";
  }

  @Override
  public String modelClass() {
    return "Glm4ForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(
        131_072, 1.5625e-7, "silu", false, 10_000, OptionalInt.of(128));
  }

  @Override
  double share() {
    return 0.5;
  }

  @Override
  void feedForward(List<TensorName> names) {
    names.add(layer("mlp.gate_up_proj", "ffn_up"));
    names.add(layer("mlp.down_proj", "ffn_down"));
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm"));
    names.add(layer("post_self_attn_layernorm", "post_attention_norm"));
    names.add(layer("post_attention_layernorm", "ffn_norm"));
    names.add(layer("post_mlp_layernorm", "post_ffw_norm"));
  }

  /** Returns true: Transformers' class always states a head size. */
  @Override
  boolean statesHeadDim(Facts facts) {
    return true;
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(RotaryShare.count());
  }

  @Override
  boolean rotatesPart() {
    return true;
  }

  /** Accepts biases: only query, key and value may have them, which are read if present. */
  @Override
  void requireBiases(Facts facts) {}

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    RopeFields.readHeadDim(config);
    RotaryShare.complete(metadata, architecture() + ".", config);
  }

  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    config.put("attention_bias", tensors.contains("blk.0.attn_q.bias"));
  }
}

package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Seed-OSS: Llama with query, key and value biases. */
final class SeedOssFamily extends LlamaLikeFamily {

  @Override
  public String architecture() {
    return "seed_oss";
  }

  @Override
  public String modelType() {
    return "seed_oss";
  }

  @Override
  public String modelClass() {
    return "SeedOssForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(524_288, 1e-6, "silu", false, 10_000, OptionalInt.of(128));
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm"));
    names.add(layer("post_attention_layernorm", "post_attention_norm"));
  }

  /** Returns true: Transformers' class always states a head size. */
  @Override
  boolean statesHeadDim(Facts facts) {
    return true;
  }

  /** Rejects output and MLP biases; those of query, key and value are read if present. */
  @Override
  void requireBiases(Facts facts) {
    requireOff(facts, "attention_out_bias");
    requireOff(facts, "mlp_bias");
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    RopeFields.readHeadDim(config);
  }

  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    config.put("attention_bias", tensors.contains("blk.0.attn_q.bias"));
    config.put("attention_out_bias", false);
  }
}

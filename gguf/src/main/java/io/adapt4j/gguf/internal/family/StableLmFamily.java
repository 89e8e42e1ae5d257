package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** StableLM 2 and 3: layer norms, a quarter of each head rotated, optionally parallel branches. */
final class StableLmFamily extends LlamaLikeFamily {

  private static final String PARALLEL = "use_parallel_residual";

  @Override
  public String architecture() {
    return "stablelm";
  }

  @Override
  public String modelType() {
    return "stablelm";
  }

  @Override
  public String modelClass() {
    return "StableLmForCausalLM";
  }

  @Override
  public boolean requiresOutput() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(4096, 1e-6, "silu", false, 10_000, OptionalInt.empty());
  }

  @Override
  double share() {
    return 0.25;
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    return List.of(
        contextLength(),
        Field.integer("embedding_length", "hidden_size", facts -> facts.decoder().hiddenSize()),
        Field.integer("block_count", "num_hidden_layers", facts -> facts.decoder().layers()),
        Field.integer(
            "feed_forward_length",
            "intermediate_size",
            facts -> facts.decoder().intermediateSize()),
        RotaryShare.count(),
        Field.integer(
            "attention.head_count", "num_attention_heads", facts -> facts.decoder().heads()),
        Field.integer(
            "attention.head_count_kv", "num_key_value_heads", facts -> facts.decoder().kvHeads()),
        Field.flag(PARALLEL, PARALLEL, facts -> facts.fields().bool(PARALLEL, false)),
        layerNormEps("layer_norm_eps"));
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(RopeFields.scaling(), RopeFields.unusualTheta());
  }

  @Override
  boolean rotatesPart() {
    return true;
  }

  /** Accepts biases: only query, key and value may have them, which are read if present. */
  @Override
  void requireBiases(Facts facts) {}

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    RotaryShare.complete(metadata, architecture() + ".", config);
  }

  /** Sets parallel branches if there is no second norm, whatever official files state. */
  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    config.put(PARALLEL, !tensors.contains("blk.0.ffn_norm.weight"));
    config.put("use_qkv_bias", tensors.contains("blk.0.attn_q.bias"));
  }
}

package io.adapt4j.gguf.internal.family;

import java.util.List;

/** GLM-4 of 2024: norms before branches only. */
final class GlmFamily extends Glm4Family {

  @Override
  public String architecture() {
    return "chatglm";
  }

  @Override
  public String modelType() {
    return "glm";
  }

  @Override
  public String modelClass() {
    return "GlmForCausalLM";
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm"));
    names.add(layer("post_attention_layernorm", "ffn_norm"));
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    return List.of(
        contextLength(),
        Field.integer("embedding_length", "hidden_size", facts -> facts.decoder().hiddenSize()),
        Field.integer(
            "feed_forward_length",
            "intermediate_size",
            facts -> facts.decoder().intermediateSize()),
        Field.integer("block_count", "num_hidden_layers", facts -> facts.decoder().layers()),
        Field.integer(
            "attention.head_count", "num_attention_heads", facts -> facts.decoder().heads()),
        Field.integer(
            "attention.head_count_kv", "num_key_value_heads", facts -> facts.decoder().kvHeads()),
        rmsNormEps());
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        RotaryShare.count(),
        Field.withoutBeginning(),
        Field.number("rope.freq_base", "rope_theta", facts -> facts.decoder().ropeTheta()),
        RopeFields.scaling());
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
  }
}

package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** The mixtures of Qwen 3: norms on each query and key head. */
final class Qwen3MoeFamily extends LlamaLikeFamily {

  @Override
  public String architecture() {
    return "qwen3moe";
  }

  @Override
  public String modelType() {
    return "qwen3_moe";
  }

  @Override
  public String modelClass() {
    return "Qwen3MoeForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(32_768, 1e-6, "silu", false, 10_000, OptionalInt.empty());
  }

  @Override
  void feedForward(List<TensorName> names) {
    names.addAll(ExpertRows.names("mlp", "gate_proj", "up_proj", "down_proj"));
  }

  @Override
  void norms(List<TensorName> names) {
    super.norms(names);
    names.add(layer("self_attn.q_norm", "attn_q_norm"));
    names.add(layer("self_attn.k_norm", "attn_k_norm"));
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    List<Field> fields = new ArrayList<>(super.fieldsBeforeFileType());
    fields.addAll(ExpertRows.counts("num_experts"));
    return fields;
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        ExpertRows.width(),
        new Field(
            (facts, prefix, target) -> {},
            (source, prefix, config) -> config.put("norm_topk_prob", true)));
  }

  @Override
  int window(Facts facts) {
    return switchedWindow(facts);
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    ExpertRows.require(facts, true);
  }
}

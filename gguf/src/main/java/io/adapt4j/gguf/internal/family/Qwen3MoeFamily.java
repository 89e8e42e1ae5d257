package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import java.util.List;
import java.util.OptionalInt;

/** The mixtures of experts of Qwen 3: norms on each query and key head. */
final class Qwen3MoeFamily extends MixtureFamily {

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
  void norms(List<TensorName> names) {
    super.norms(names);
    queryKeyNorms(names);
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        ExpertRows.width("moe_intermediate_size"),
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
    ExpertRows.requireEverywhere(facts);
    ExpertRows.requireNormalized(facts, true, false);
  }
}

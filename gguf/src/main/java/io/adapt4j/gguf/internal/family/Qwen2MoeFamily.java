package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import java.util.List;
import java.util.OptionalInt;

/** The mixtures of experts of Qwen 1.5 and 2, with a shared expert. */
final class Qwen2MoeFamily extends MixtureFamily {

  @Override
  public String architecture() {
    return "qwen2moe";
  }

  @Override
  public String modelType() {
    return "qwen2_moe";
  }

  @Override
  public String modelClass() {
    return "Qwen2MoeForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(32_768, 1e-6, "silu", false, 10_000, OptionalInt.empty());
  }

  @Override
  void feedForward(List<TensorName> names) {
    super.feedForward(names);
    names.addAll(ExpertRows.shared("mlp.shared_expert"));
    names.add(layer("mlp.shared_expert_gate", "ffn_gate_inp_shexp", Layout.ONE_ROW));
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        ExpertRows.width("moe_intermediate_size"),
        Field.integer(
            "expert_shared_feed_forward_length",
            "shared_expert_intermediate_size",
            facts -> facts.fields().requirePositiveInt("shared_expert_intermediate_size")));
  }

  @Override
  int window(Facts facts) {
    return switchedWindow(facts);
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
    ExpertRows.requireEverywhere(facts);
    ExpertRows.requireNormalized(facts, false, false);
  }
}

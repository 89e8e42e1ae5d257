package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.OptionalInt;

/**
 * VaultGemma, written as Gemma 1: within its sliding window, a model without soft-capping is
 * equivalent.
 */
final class VaultGemmaFamily extends GemmaFamily {

  @Override
  public String modelType() {
    return "vaultgemma";
  }

  @Override
  public String modelClass() {
    return "VaultGemmaForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(
        8192, 1e-6, "gelu_pytorch_tanh", true, 10_000, OptionalInt.of(256));
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm", normLayout()));
    names.add(layer("pre_feedforward_layernorm", "ffn_norm", normLayout()));
  }

  @Override
  int window(Facts facts) {
    if (facts.fields().isNull("sliding_window")) {
      return 0;
    }
    List<String> types = facts.fields().texts("layer_types");
    return types.isEmpty() || types.contains("sliding_attention")
        ? facts.fields().positiveInt("sliding_window", 4096)
        : 0;
  }

  @Override
  void requireWindow(Facts facts) {
    requireNoEffect(facts, window(facts));
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireQueryScale(facts, 0);
    for (String field : List.of("attn_logit_softcapping", "final_logit_softcapping")) {
      if (!facts.fields().isNull(field)) {
        throw refused(facts, field, "null");
      }
    }
  }

  /** Returns false: files of this architecture are read as Gemma. */
  @Override
  public boolean fits(GgufMetadata metadata) {
    return false;
  }
}

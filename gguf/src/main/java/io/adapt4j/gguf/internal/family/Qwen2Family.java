package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import java.util.OptionalInt;

/** Qwen 2 and 2.5. */
final class Qwen2Family extends LlamaLikeFamily {

  @Override
  public String architecture() {
    return "qwen2";
  }

  @Override
  public String modelType() {
    return "qwen2";
  }

  @Override
  public String modelClass() {
    return "Qwen2ForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(32_768, 1e-6, "silu", false, 10_000, OptionalInt.empty());
  }

  @Override
  int window(Facts facts) {
    return switchedWindow(facts);
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
  }
}

package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.OptionalInt;

/** Helium, written as Llama: its stored rows are already in rotary pairs. */
final class HeliumFamily extends LlamaFamily {

  @Override
  public String modelType() {
    return "helium";
  }

  @Override
  public String modelClass() {
    return "HeliumForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(4096, 1e-8, "silu", false, 100_000, OptionalInt.of(128));
  }

  @Override
  boolean pairsRotaryRows() {
    return false;
  }

  /** Rejects attention biases: Llama's include one of the output projection. */
  @Override
  void requireBiases(Facts facts) {
    requireOff(facts, "attention_bias");
  }

  /** Returns false: files of this architecture are read as Llama. */
  @Override
  public boolean fits(GgufMetadata metadata) {
    return false;
  }
}

package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.OptionalInt;

/** ERNIE 4.5, dense: Llama whose stored rows are already in rotary pairs. */
final class Ernie45Family extends LlamaLikeFamily {

  @Override
  public String architecture() {
    return "ernie4_5";
  }

  @Override
  public String modelType() {
    return "ernie4_5";
  }

  @Override
  public String modelClass() {
    return "Ernie4_5ForCausalLM";
  }

  @Override
  public boolean tiedByDefault() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(131_072, 1e-5, "silu", true, 500_000, OptionalInt.of(128));
  }

  /** Returns true: Transformers' class always states a head size. */
  @Override
  boolean statesHeadDim(Facts facts) {
    return true;
  }

  @Override
  void requireBiases(Facts facts) {
    requireOff(facts, "use_bias");
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    RopeFields.readHeadDim(config);
  }
}

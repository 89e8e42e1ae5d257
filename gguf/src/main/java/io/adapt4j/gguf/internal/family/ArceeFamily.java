package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** AFM: Llama with a squared ReLU in place of the gate. */
final class ArceeFamily extends LlamaFamily {

  @Override
  public String architecture() {
    return "arcee";
  }

  @Override
  public String modelType() {
    return "arcee";
  }

  @Override
  public String modelClass() {
    return "ArceeForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(4096, 1e-5, "relu2", false, 10_000, OptionalInt.empty());
  }

  @Override
  void feedForward(List<TensorName> names) {
    names.add(layer("mlp.up_proj", "ffn_up"));
    names.add(layer("mlp.down_proj", "ffn_down"));
  }

  @Override
  Set<String> activations() {
    return Set.of("relu2");
  }

  @Override
  void requireBiases(Facts facts) {
    requireOff(facts, "attention_bias");
    requireOff(facts, "mlp_bias");
  }
}

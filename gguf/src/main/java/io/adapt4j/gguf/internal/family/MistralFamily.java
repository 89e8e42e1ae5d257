package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.OptionalInt;

/** Mistral 7B and its kin, written as Llama, which drops the sliding window. */
class MistralFamily extends LlamaFamily {

  @Override
  public String modelType() {
    return "mistral";
  }

  @Override
  public String modelClass() {
    return "MistralForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(131_072, 1e-6, "silu", false, 10_000, OptionalInt.empty());
  }

  @Override
  boolean statesHeadDim(Facts facts) {
    return facts.fields().has("head_dim")
        || facts.decoder().headDim() * facts.decoder().heads() != facts.decoder().hiddenSize();
  }

  @Override
  int window(Facts facts) {
    ConfigReader fields = facts.fields();
    return fields.isNull("sliding_window") ? 0 : fields.positiveInt("sliding_window", 4096);
  }

  /** Returns false: files of this architecture are read as Llama. */
  @Override
  public boolean fits(GgufMetadata metadata) {
    return false;
  }
}

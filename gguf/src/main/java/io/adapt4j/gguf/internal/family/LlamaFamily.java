package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import java.util.List;
import java.util.Set;

/** Llama 1 to 3. Its RoPE scaling is stored as a tensor of divisors. */
class LlamaFamily extends LlamaLikeFamily {

  @Override
  public String architecture() {
    return "llama";
  }

  @Override
  public String modelType() {
    return "llama";
  }

  @Override
  public String modelClass() {
    return "LlamaForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return DecoderConfig.Defaults.LLAMA;
  }

  @Override
  boolean pairsRotaryRows() {
    return true;
  }

  /** Returns true: Transformers' class always states a head size. */
  @Override
  boolean statesHeadDim(Facts facts) {
    return true;
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return vocabularyAndRotaryDim();
  }

  @Override
  Set<Class<? extends RopeScaling>> scalings() {
    return Set.of(
        RopeScaling.Default.class,
        RopeScaling.Linear.class,
        RopeScaling.Yarn.class,
        RopeScaling.Llama3.class);
  }

  @Override
  public List<ExtraTensor> extraTensors(Facts facts) {
    return RopeFields.llama3(facts.decoder());
  }

  /** Accepts biases, which are read if present. */
  @Override
  void requireBiases(Facts facts) {}
}

package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import java.util.List;
import java.util.Set;

/** Granite 3: Llama with multipliers on embeddings, attention scores, branches and logits. */
class GraniteFamily extends LlamaLikeFamily {

  @Override
  public String architecture() {
    return "granite";
  }

  @Override
  public String modelType() {
    return "granite";
  }

  @Override
  public String modelClass() {
    return "GraniteForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return DecoderConfig.Defaults.LLAMA;
  }

  @Override
  boolean pairsRotaryRows() {
    return true;
  }

  @Override
  boolean statesHeadDim(Facts facts) {
    return false;
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.integer("vocab_size", "vocab_size", facts -> facts.decoder().vocabSize()),
        Field.derived("rope.dimension_count", facts -> facts.decoder().headDim()),
        factor("attention.scale", "attention_multiplier"),
        factor("embedding_scale", "embedding_multiplier"),
        factor("residual_scale", "residual_multiplier"),
        factor("logit_scale", "logits_scaling"));
  }

  private static Field factor(String key, String field) {
    return Field.number(key, field, facts -> facts.fields().positiveNumber(field, 1));
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

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
  }
}

package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import java.util.List;
import java.util.OptionalInt;

/** Command R: parallel attention and MLP after one bias-free layer norm, and scaled logits. */
class CohereFamily extends LlamaLikeFamily {

  /** Layer count from which llama.cpp requires query and key norms. */
  private static final int LAYERS_WITH_NORMS = 64;

  @Override
  public String architecture() {
    return "command-r";
  }

  @Override
  public String modelType() {
    return "cohere";
  }

  @Override
  public String modelClass() {
    return "CohereForCausalLM";
  }

  @Override
  public boolean tiedByDefault() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(8192, 1e-6, "silu", true, 10_000, OptionalInt.empty());
  }

  /** Reads the configuration, with the trained context length if it is stated. */
  @Override
  Facts read(ModelConfig model) {
    Facts facts = super.read(model);
    int trained = model.fields().positiveInt("model_max_length", facts.contextLength());
    return new Facts(model, facts.decoder(), trained);
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm"));
  }

  @Override
  Field normEps() {
    return layerNormEps("layer_norm_eps");
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(logitScale(), RopeFields.none());
  }

  static Field logitScale() {
    return Field.number(
        "logit_scale",
        "logit_scale",
        facts -> facts.fields().positiveNumber("logit_scale", 0.0625));
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
    Gemma2Family.requireTied(facts);
    if (facts.decoder().layers() >= LAYERS_WITH_NORMS && normsLargeModels()) {
      throw refused(facts, "num_hidden_layers", "fewer than " + LAYERS_WITH_NORMS);
    }
  }

  boolean normsLargeModels() {
    return true;
  }
}

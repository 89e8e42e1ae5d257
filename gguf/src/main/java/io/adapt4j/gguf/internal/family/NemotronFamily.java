package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Nemotron 4 and Minitron: layer norm weights stored plus 1, and an ungated squared ReLU. */
final class NemotronFamily extends LlamaLikeFamily {

  private static final String EPS = "norm_eps";

  @Override
  public String architecture() {
    return "nemotron";
  }

  @Override
  public String modelType() {
    return "nemotron";
  }

  @Override
  public String modelClass() {
    return "NemotronForCausalLM";
  }

  @Override
  public boolean requiresOutput() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(4096, 1e-6, "relu2", false, 10_000, OptionalInt.empty());
  }

  @Override
  double share() {
    return 0.5;
  }

  @Override
  Layout normLayout() {
    return Layout.PLUS_ONE;
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm", Layout.PLUS_ONE));
    names.add(layer("post_attention_layernorm", "ffn_norm", Layout.PLUS_ONE));
  }

  @Override
  void feedForward(List<TensorName> names) {
    names.add(layer("mlp.up_proj", "ffn_up"));
    names.add(layer("mlp.down_proj", "ffn_down"));
  }

  /** Returns the keys for the norms' epsilon; official files also have the RMS norm key. */
  @Override
  Field normEps() {
    return Field.number(
        "attention.layer_norm_rms_epsilon", EPS, facts -> facts.fields().positiveNumber(EPS, 1e-5));
  }

  /** Returns true: Transformers' class always states a head size. */
  @Override
  boolean statesHeadDim(Facts facts) {
    return true;
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.integer("vocab_size", "vocab_size", facts -> facts.decoder().vocabSize()),
        layerNormEps(EPS),
        RotaryShare.count(),
        RopeFields.none());
  }

  @Override
  Set<String> activations() {
    return Set.of("relu2");
  }

  @Override
  Set<Class<? extends RopeScaling>> scalings() {
    return Set.of(RopeScaling.Default.class, RopeScaling.Linear.class);
  }

  @Override
  boolean rotatesPart() {
    return true;
  }

  /** Accepts biases, which are read if present. */
  @Override
  void requireBiases(Facts facts) {}

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    RotaryShare.complete(metadata, architecture() + ".", config);
  }

  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    config.put("attention_bias", tensors.contains("blk.0.attn_q.bias"));
    config.put("mlp_bias", tensors.contains("blk.0.ffn_up.bias"));
  }
}

package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Phi 1 to 2: parallel attention and MLP after one layer norm, biases everywhere. */
final class PhiFamily extends LlamaLikeFamily {

  @Override
  public String architecture() {
    return "phi2";
  }

  @Override
  public String modelType() {
    return "phi";
  }

  @Override
  public String modelClass() {
    return "PhiForCausalLM";
  }

  @Override
  public boolean requiresOutput() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(2048, 1e-6, "gelu_new", false, 10_000, OptionalInt.empty());
  }

  @Override
  double share() {
    return 0.5;
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    List<TensorName> names = new ArrayList<>();
    names.add(TensorName.of("model.final_layernorm", "output_norm"));
    names.add(layer("self_attn.dense", "attn_output"));
    names.addAll(super.names(model));
    return names;
  }

  @Override
  void feedForward(List<TensorName> names) {
    names.add(layer("mlp.fc1", "ffn_up"));
    names.add(layer("mlp.fc2", "ffn_down"));
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm"));
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    return List.of(
        contextLength(),
        Field.integer("embedding_length", "hidden_size", facts -> facts.decoder().hiddenSize()),
        Field.integer(
            "feed_forward_length",
            "intermediate_size",
            facts -> facts.decoder().intermediateSize()),
        Field.integer("block_count", "num_hidden_layers", facts -> facts.decoder().layers()),
        Field.integer(
            "attention.head_count", "num_attention_heads", facts -> facts.decoder().heads()),
        Field.integer(
            "attention.head_count_kv", "num_key_value_heads", facts -> facts.decoder().kvHeads()),
        layerNormEps("layer_norm_eps"),
        RotaryShare.count());
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.withoutBeginning(),
        RopeFields.scaling(),
        RopeFields.unusualTheta(),
        Field.activation("hidden_act", "gelu_new", facts -> facts.decoder().hiddenActivation()));
  }

  @Override
  Set<String> activations() {
    return Field.GELU;
  }

  @Override
  boolean rotatesPart() {
    return true;
  }

  /** Accepts biases, which are always present. */
  @Override
  void requireBiases(Facts facts) {}

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
    requireOff(facts, "qk_layernorm");
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    RotaryShare.complete(metadata, architecture() + ".", config);
  }
}

package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** StarCoder 2: layer norms, an MLP without a gate, biases everywhere. */
final class Starcoder2Family extends LlamaLikeFamily {

  private static final String BIAS = "use_bias";

  @Override
  public String architecture() {
    return "starcoder2";
  }

  @Override
  public String modelType() {
    return "starcoder2";
  }

  @Override
  public String modelClass() {
    return "Starcoder2ForCausalLM";
  }

  @Override
  public boolean tiedByDefault() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(
        4096, 1e-6, "gelu_pytorch_tanh", true, 10_000, OptionalInt.empty());
  }

  @Override
  void feedForward(List<TensorName> names) {
    names.add(layer("mlp.c_fc", "ffn_up"));
    names.add(layer("mlp.c_proj", "ffn_down"));
  }

  @Override
  Field normEps() {
    return layerNormEps("norm_epsilon");
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.activation(
            "hidden_act", "gelu_pytorch_tanh", facts -> facts.decoder().hiddenActivation()));
  }

  @Override
  Set<String> activations() {
    return Field.GELU;
  }

  @Override
  int window(Facts facts) {
    return facts.fields().isNull("sliding_window")
        ? 0
        : facts.fields().optionalInt("sliding_window").orElse(0);
  }

  @Override
  void requireBiases(Facts facts) {
    if (!facts.fields().bool(BIAS, true)) {
      throw refused(facts, BIAS, "true");
    }
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
  }

  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    config.put(BIAS, true);
  }
}

package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Apertus: Llama with query and key norms per head, and a learned activation whose parameters are
 * metadata keys.
 */
final class ApertusFamily extends LlamaFamily {

  private static final String SCALING = "rope_scaling";
  private static final String ACTIVATION = "model.layers.{}.mlp.act_fn.";

  @Override
  public String architecture() {
    return "apertus";
  }

  @Override
  public String modelType() {
    return "apertus";
  }

  @Override
  public String modelClass() {
    return "ApertusForCausalLM";
  }

  @Override
  public boolean requiresOutput() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(
        65_536, 1e-5, "xielu", false, 12_000_000, OptionalInt.empty());
  }

  /** Applies the model class's default RoPE scaling if the configuration states none. */
  @Override
  Facts read(ModelConfig model) {
    Facts stated = super.read(model);
    if (model.toJson().has(SCALING) || model.fields().has("rope_parameters")) {
      return stated;
    }
    ObjectNode scaling = JsonNodeFactory.instance.objectNode();
    scaling.put("rope_type", "llama3").put("factor", 8.0);
    scaling.put("original_max_position_embeddings", 8192);
    scaling.put("low_freq_factor", 1.0).put("high_freq_factor", 4.0);
    Facts scaled = super.read(model.with(SCALING, scaling));
    return new Facts(model, scaled.decoder(), scaled.contextLength());
  }

  @Override
  boolean pairsRotaryRows() {
    return false;
  }

  @Override
  boolean statesHeadDim(Facts facts) {
    return facts.fields().has("head_dim")
        || facts.decoder().headDim() * facts.decoder().heads() != facts.decoder().hiddenSize();
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("attention_layernorm", "attn_norm"));
    names.add(layer("feedforward_layernorm", "ffn_norm"));
    names.add(layer("self_attn.q_norm", "attn_q_norm"));
    names.add(layer("self_attn.k_norm", "attn_k_norm"));
  }

  @Override
  void feedForward(List<TensorName> names) {
    names.add(layer("mlp.up_proj", "ffn_up"));
    names.add(layer("mlp.down_proj", "ffn_down"));
  }

  @Override
  public List<LayerValues> layerValues() {
    return List.of(
        new LayerValues("xielu.alpha_n", ACTIVATION + "alpha_n", OptionalDouble.empty()),
        new LayerValues("xielu.alpha_p", ACTIVATION + "alpha_p", OptionalDouble.empty()),
        new LayerValues("xielu.beta", ACTIVATION + "beta", OptionalDouble.of(0.5)),
        new LayerValues("xielu.eps", ACTIVATION + "eps", OptionalDouble.of(-1e-6)));
  }

  @Override
  Set<String> activations() {
    return Set.of("xielu");
  }

  @Override
  void requireBiases(Facts facts) {
    requireOff(facts, "attention_bias");
    requireOff(facts, "mlp_bias");
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    if (!config.has(SCALING)) {
      config.putNull(SCALING);
    }
  }
}

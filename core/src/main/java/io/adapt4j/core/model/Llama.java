package io.adapt4j.core.model;

import io.adapt4j.core.config.DecoderConfig;
import io.adapt4j.core.config.ModelConfig;
import io.adapt4j.core.engine.Activation;
import io.adapt4j.core.engine.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Llama (Touvron et al. 2023) as Transformers defines it in {@code LlamaForCausalLM}: pre-norm
 * layers of grouped-query attention with rotary positions and a SwiGLU MLP.
 */
final class Llama implements Architecture {

  private static final Map<String, Activation> ACTIVATIONS =
      Map.of(
          "silu", Activation.SILU,
          "swish", Activation.SILU,
          "gelu", Activation.GELU,
          "gelu_new", Activation.GELU_TANH,
          "gelu_pytorch_tanh", Activation.GELU_TANH,
          "relu", Activation.RELU);

  @Override
  public String modelType() {
    return "llama";
  }

  @Override
  public Decoder declare(ModelConfig modelConfig) {
    DecoderConfig config = DecoderConfig.from(modelConfig, DecoderConfig.Defaults.LLAMA);
    Activation activation = activation(modelConfig, config);
    Parameter embedding =
        Parameter.of("model.embed_tokens.weight", config.vocabSize(), config.hiddenSize());
    List<DecoderLayer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      layers.add(layer("model.layers." + i, config, activation));
    }
    Parameter head =
        config.tieWordEmbeddings()
            ? embedding
            : Parameter.of("lm_head.weight", config.vocabSize(), config.hiddenSize());
    return new Decoder(
        modelConfig,
        config,
        embedding,
        layers,
        RmsNorm.declare("model.norm", config.hiddenSize(), config.rmsNormEps()),
        head);
  }

  private static DecoderLayer layer(String path, DecoderConfig config, Activation activation) {
    return new DecoderLayer(
        RmsNorm.declare(path + ".input_layernorm", config.hiddenSize(), config.rmsNormEps()),
        attention(path + ".self_attn", config),
        RmsNorm.declare(
            path + ".post_attention_layernorm", config.hiddenSize(), config.rmsNormEps()),
        mlp(path + ".mlp", config, activation));
  }

  private static Attention attention(String path, DecoderConfig config) {
    long query = (long) config.heads() * config.headDim();
    long kv = (long) config.kvHeads() * config.headDim();
    boolean bias = config.attentionBias();
    return new Attention(
        slot(path, config.hiddenSize(), bias, List.of("q_proj", "k_proj", "v_proj"), query, kv, kv),
        slot(path, query, bias, List.of("o_proj"), config.hiddenSize()),
        config.heads(),
        config.kvHeads(),
        config.headDim());
  }

  private static GatedMlp mlp(String path, DecoderConfig config, Activation activation) {
    long width = config.intermediateSize();
    boolean bias = config.mlpBias();
    return new GatedMlp(
        slot(path, config.hiddenSize(), bias, List.of("gate_proj", "up_proj"), width, width),
        slot(path, width, bias, List.of("down_proj"), config.hiddenSize()),
        activation);
  }

  private static LinearSlot slot(
      String path, long in, boolean bias, List<String> names, long... widths) {
    return new LinearSlot(DenseLinear.declare(in, bias, DenseLinear.parts(path, names, widths)));
  }

  private static Activation activation(ModelConfig modelConfig, DecoderConfig config) {
    Activation activation = ACTIVATIONS.get(config.hiddenActivation());
    if (activation == null) {
      throw modelConfig
          .fields()
          .invalid(
              "hidden_act",
              "one of " + ACTIVATIONS.keySet().stream().sorted().toList(),
              "This activation is not supported.");
    }
    return activation;
  }
}

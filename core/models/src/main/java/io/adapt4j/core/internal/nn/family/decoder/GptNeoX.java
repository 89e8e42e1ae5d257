package io.adapt4j.core.internal.nn.family.decoder;

import com.fasterxml.jackson.databind.node.DoubleNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.ParallelLayer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * GPT-NeoX (Black et al. 2022) and Pythia: rotary positions on part of each head, interleaved
 * query, key and value of each head, attention and MLP in parallel or in sequence.
 */
public final class GptNeoX extends BuiltInFamily {

  private static final String PREFIX = "gpt_neox.";

  private static final StoredNames NAMES =
      StoredNames.of(
          PREFIX, List.of(".*\\.attention\\.(masked_)?bias", ".*\\.rotary_emb\\.inv_freq"));

  public GptNeoX() {
    super("gpt_neox", "use_parallel_residual");
  }

  /** Reads the rotary settings under the family's own field names. */
  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    ConfigReader fields = model.fields();
    ModelConfig renamed = model;
    if (fields.has("rotary_emb_base")) {
      renamed = renamed.with("rope_theta", model.toJson().get("rotary_emb_base"));
    }
    double share = fields.positiveNumber("rotary_pct", 0.25);
    if (!fields
        .child("rope_parameters")
        .map(reader -> reader.has("partial_rotary_factor"))
        .orElse(false)) {
      renamed = renamed.with("partial_rotary_factor", DoubleNode.valueOf(share));
    }
    return DecoderConfig.from(renamed, defaults());
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double hidden = DropoutFields.rate(fields, "hidden_dropout", 0);
    return DropoutFields.ofAttention(fields).withEmbedding(hidden).withOutputs(hidden, hidden);
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    int hidden = fields.requirePositiveInt("hidden_size");
    int vocabulary = fields.requirePositiveInt("vocab_size");
    int layers = fields.requirePositiveInt("num_hidden_layers");
    DecoderConfig config = dimensions(model);
    double eps = fields.positiveNumber("layer_norm_eps", 1e-5);
    String prefix = EncoderTask.isBaseModel(model) ? "" : PREFIX;
    Parameter embedding = Parameter.of(prefix + "embed_in.weight", vocabulary, hidden);
    List<Layer> declared = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      declared.add(layer(model, prefix + "layers." + i, hidden, eps));
    }
    Transformer body =
        new Transformer(
            Embeddings.of(embedding, Embeddings.Scale.NONE),
            List.copyOf(declared),
            LayerNorm.declare(prefix + "final_layer_norm", hidden, true, eps),
            List.of(RotaryFrequencies.of(config)));
    return Decoder.of(
        model,
        new Dimensions(hidden, layers, vocabulary, config.contextLength()),
        NAMES,
        body,
        "embed_out.weight",
        fields.bool("tie_word_embeddings", false));
  }

  private static Layer layer(ModelConfig model, String path, int hidden, double eps) {
    ConfigReader fields = model.fields();
    int inner = fields.requirePositiveInt("intermediate_size");
    Activation activation = Activations.read(model, "hidden_act", "gelu");
    Norm attentionNorm = LayerNorm.declare(path + ".input_layernorm", hidden, true, eps);
    Norm mlpNorm = LayerNorm.declare(path + ".post_attention_layernorm", hidden, true, eps);
    Attention attention = attention(fields, path + ".attention", hidden);
    Mlp mlp =
        new PlainMlp(
            LinearSlot.of(path + ".mlp.dense_h_to_4h", hidden, true, inner),
            LinearSlot.of(path + ".mlp.dense_4h_to_h", inner, true, hidden),
            activation);
    return fields.bool("use_parallel_residual", true)
        ? new ParallelLayer(attentionNorm, attention, mlpNorm, mlp)
        : SequentialLayer.preNorm(attentionNorm, attention, mlpNorm, mlp);
  }

  private static Attention attention(ConfigReader fields, String path, int hidden) {
    int heads = fields.requirePositiveInt("num_attention_heads");
    int headDim = hidden / heads;
    boolean bias = fields.bool("attention_bias", true);
    return new Attention(
        LinearSlot.of(path + ".query_key_value", hidden, bias, 3L * hidden),
        LinearSlot.of(path + ".dense", hidden, bias, hidden),
        Heads.interleaved(heads, heads, headDim),
        null,
        0,
        AttentionRule.causal(headDim));
  }
}

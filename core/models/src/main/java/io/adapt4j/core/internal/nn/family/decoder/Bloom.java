package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
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
 * BLOOM and BLOOMZ (Le Scao et al. 2022): ALiBi instead of positions, a norm on the embedding, and
 * interleaved query, key and value of each head.
 */
public final class Bloom extends BuiltInFamily {

  private static final String PREFIX = "transformer.";

  /** ALiBi slopes go down to 2^-8, as in the paper. */
  private static final double STEEPNESS = 8;

  private static final int CONTEXT = 2048;

  public Bloom() {
    super("bloom");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    double outputs = DropoutFields.rate(model.fields(), "hidden_dropout", 0);
    return DropoutFields.ofAttention(model.fields()).withOutputs(outputs, outputs);
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    int hidden = either(fields, "n_embed", "hidden_size");
    int heads = either(fields, "n_head", "num_attention_heads");
    int layers = either(fields, "n_layer", "num_hidden_layers");
    int vocabulary = fields.requirePositiveInt("vocab_size");
    fields.requireDivisor("n_head", heads, "the hidden size", hidden);
    double eps = fields.positiveNumber("layer_norm_epsilon", 1e-5);
    String prefix = EncoderTask.isBaseModel(model) ? "" : PREFIX;
    Parameter tokens = Parameter.of(prefix + "word_embeddings.weight", vocabulary, hidden);
    List<Layer> declared = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      declared.add(layer(prefix + "h." + i, hidden, heads, eps));
    }
    Norm ofEmbedding = LayerNorm.declare(prefix + "word_embeddings_layernorm", hidden, true, eps);
    Transformer body =
        new Transformer(
            new Embeddings(tokens, null, null, ofEmbedding, Embeddings.Scale.NONE),
            List.copyOf(declared),
            LayerNorm.declare(prefix + "ln_f", hidden, true, eps),
            List.of());
    return Decoder.of(
        model,
        new Dimensions(hidden, layers, vocabulary, fields.positiveInt("seq_length", CONTEXT)),
        StoredNames.of(PREFIX, List.of("(?!)")),
        body,
        "lm_head.weight",
        fields.bool("tie_word_embeddings", true));
  }

  /**
   * Reads a field under one of two names: the first is that of Transformers' class, which also
   * accepts the other.
   */
  private static int either(ConfigReader fields, String name, String other) {
    return fields.has(name) || !fields.has(other)
        ? fields.requirePositiveInt(name)
        : fields.requirePositiveInt(other);
  }

  private static Layer layer(String path, int hidden, int heads, double eps) {
    int dim = hidden / heads;
    Attention attention =
        new Attention(
            LinearSlot.of(path + ".self_attention.query_key_value", hidden, true, 3L * hidden),
            LinearSlot.of(path + ".self_attention.dense", hidden, true, hidden),
            Heads.interleaved(heads, heads, dim),
            null,
            Attention.NO_ROTARY,
            AttentionRule.causal(dim).withAlibi(STEEPNESS));
    return SequentialLayer.preNorm(
        LayerNorm.declare(path + ".input_layernorm", hidden, true, eps),
        attention,
        LayerNorm.declare(path + ".post_attention_layernorm", hidden, true, eps),
        new PlainMlp(
            LinearSlot.of(path + ".mlp.dense_h_to_4h", hidden, true, 4L * hidden),
            LinearSlot.of(path + ".mlp.dense_4h_to_h", 4L * hidden, true, hidden),
            Activation.GELU_TANH));
  }
}

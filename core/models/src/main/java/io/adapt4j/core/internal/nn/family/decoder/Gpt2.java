package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
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
import java.util.Set;

/**
 * GPT-2 (Radford et al. 2019) and StarCoder 1 (Li et al. 2023): learned positions, layer norms
 * before each branch and, in GPT-2, weights stored as [in, out].
 */
public final class Gpt2 extends BuiltInFamily {

  private static final String PREFIX = "transformer.";

  /** StarCoder 1: a single key/value head, and weights stored as [out, in]. */
  private static final String BIG_CODE = "gpt_bigcode";

  private static final StoredNames NAMES =
      StoredNames.of(PREFIX, List.of("(transformer\\.)?h\\.\\d+\\.attn\\.(masked_)?bias"));

  public Gpt2() {
    super(
        Set.of("gpt2", BIG_CODE),
        DecoderConfig.Defaults.LLAMA,
        "scale_attn_weights",
        "scale_attn_by_inverse_layer_idx");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double outputs = DropoutFields.rate(fields, "resid_pdrop", 0.1);
    return DropoutRates.ofAttention(DropoutFields.rate(fields, "attn_pdrop", 0.1))
        .withEmbedding(DropoutFields.rate(fields, "embd_pdrop", 0.1))
        .withOutputs(outputs, outputs);
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    int hidden = fields.requirePositiveInt("n_embd");
    int vocabulary = fields.requirePositiveInt("vocab_size");
    int positions = fields.positiveInt("n_positions", 1024);
    int layers = fields.requirePositiveInt("n_layer");
    double eps = fields.positiveNumber("layer_norm_epsilon", 1e-5);
    String prefix = EncoderTask.isBaseModel(model) ? "" : PREFIX;
    Parameter embedding = Parameter.of(prefix + "wte.weight", vocabulary, hidden);
    List<Layer> declared = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      declared.add(layer(model, prefix, i, hidden, eps));
    }
    Transformer body =
        new Transformer(
            new Embeddings(
                embedding,
                Parameter.of(prefix + "wpe.weight", positions, hidden),
                null,
                Norm.NONE,
                Embeddings.Scale.NONE),
            List.copyOf(declared),
            LayerNorm.declare(prefix + "ln_f", hidden, true, eps),
            List.of());
    return Decoder.of(
        model,
        new Dimensions(hidden, layers, vocabulary, positions),
        NAMES,
        body,
        "lm_head.weight",
        fields.bool("tie_word_embeddings", true));
  }

  private static Layer layer(ModelConfig model, String prefix, int index, int hidden, double eps) {
    ConfigReader fields = model.fields();
    String path = prefix + "h." + index;
    int heads = fields.requirePositiveInt("n_head");
    fields.requireDivisor("n_head", heads, "n_embd", hidden);
    int inner = fields.positiveInt("n_inner", 4 * hidden);
    boolean bigCode = model.modelType().equals(BIG_CODE);
    boolean one = bigCode && fields.bool("multi_query", true);
    int dim = hidden / heads;
    Heads grouped =
        bigCode && !one
            ? Heads.interleaved(heads, heads, dim)
            : Heads.grouped(heads, one ? 1 : heads, dim);
    Activation activation =
        Activations.read(model, "activation_function", bigCode ? "gelu_pytorch_tanh" : "gelu_new");
    double scale =
        fields.bool("scale_attn_weights", true) ? AttentionRule.causal(hidden / heads).scale() : 1;
    boolean byLayer = fields.bool("scale_attn_by_inverse_layer_idx", false);
    AttentionRule rule = new AttentionRule(byLayer ? scale / (index + 1) : scale, 0, true, 0);
    Attention attention =
        new Attention(
            slot(
                path + ".attn.c_attn",
                hidden,
                grouped.queryWidth() + 2 * grouped.keyValueWidth(),
                !bigCode),
            slot(path + ".attn.c_proj", hidden, hidden, !bigCode),
            grouped,
            null,
            Attention.NO_ROTARY,
            rule);
    return SequentialLayer.preNorm(
        LayerNorm.declare(path + ".ln_1", hidden, true, eps),
        attention,
        LayerNorm.declare(path + ".ln_2", hidden, true, eps),
        new PlainMlp(
            slot(path + ".mlp.c_fc", hidden, inner, !bigCode),
            slot(path + ".mlp.c_proj", inner, hidden, !bigCode),
            activation));
  }

  private static LinearSlot slot(String path, long in, long out, boolean transposed) {
    return LinearSlot.of(path, in, true, out, transposed);
  }
}

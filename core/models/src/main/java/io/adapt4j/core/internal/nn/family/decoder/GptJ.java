package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
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
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * GPT-J (Wang and Komatsuzaki 2021): attention and MLP in parallel after one layer norm, rotary
 * positions on adjacent pairs in part of each head, and a bias in the output head.
 */
public final class GptJ extends BuiltInFamily {

  private static final String PREFIX = "transformer.";

  private static final StoredNames NAMES =
      StoredNames.of(PREFIX, List.of("(transformer\\.)?h\\.\\d+\\.attn\\.(masked_)?bias"));

  public GptJ() {
    super("gptj");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double outputs = DropoutFields.rate(fields, "resid_pdrop", 0);
    return DropoutRates.ofAttention(DropoutFields.rate(fields, "attn_pdrop", 0))
        .withEmbedding(DropoutFields.rate(fields, "embd_pdrop", 0))
        .withOutputs(outputs, outputs);
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    int hidden = fields.requirePositiveInt("n_embd");
    int vocabulary = fields.requirePositiveInt("vocab_size");
    int positions = fields.positiveInt("n_positions", 2048);
    int layers = fields.requirePositiveInt("n_layer");
    String prefix = EncoderTask.isBaseModel(model) ? "" : PREFIX;
    Parameter embedding = Parameter.of(prefix + "wte.weight", vocabulary, hidden);
    List<Layer> declared = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      declared.add(layer(model, prefix + "h." + i, hidden));
    }
    Transformer body =
        new Transformer(
            Embeddings.of(embedding, Embeddings.Scale.NONE),
            List.copyOf(declared),
            norm(fields, prefix + "ln_f", hidden),
            List.of(rotary(fields, hidden / heads(fields, hidden), positions)));
    String headName = "lm_head.weight";
    boolean tied = fields.bool("tie_word_embeddings", false);
    return new Decoder(
        model,
        new Dimensions(hidden, layers, vocabulary, positions),
        NAMES,
        body,
        headName,
        new VocabularyHead(
            tied ? embedding : Parameter.of(headName, vocabulary, hidden),
            Parameter.of("lm_head.bias", vocabulary),
            1,
            0));
  }

  private static int heads(ConfigReader fields, int hidden) {
    int heads = fields.requirePositiveInt("n_head");
    fields.requireDivisor("n_head", heads, "n_embd", hidden);
    return heads;
  }

  private static RotaryFrequencies rotary(ConfigReader fields, int head, int positions) {
    int dim = fields.isNull("rotary_dim") ? 0 : fields.positiveInt("rotary_dim", 64);
    if (dim == 0 || dim % 2 != 0 || dim > head) {
      throw fields.invalid(
          "rotary_dim", "an even number up to the heads' width " + head, "Correct the value.");
    }
    return RotaryFrequencies.of(10_000, dim, positions, new RopeScaling.Default());
  }

  private static Norm norm(ConfigReader fields, String path, int hidden) {
    double eps = fields.positiveNumber("layer_norm_epsilon", 1e-5);
    return LayerNorm.declare(path, hidden, true, eps);
  }

  private static Layer layer(ModelConfig model, String path, int hidden) {
    ConfigReader fields = model.fields();
    int heads = heads(fields, hidden);
    int inner = fields.positiveInt("n_inner", 4 * hidden);
    List<String> names = List.of("q_proj", "k_proj", "v_proj");
    Attention attention =
        new Attention(
            LinearSlot.of(path + ".attn", hidden, false, names, hidden, hidden, hidden),
            LinearSlot.of(path + ".attn.out_proj", hidden, false, hidden),
            Heads.grouped(heads, heads, hidden / heads).rotatedInPairs(),
            null,
            0,
            AttentionRule.causal(hidden / heads));
    Norm norm = norm(fields, path + ".ln_1", hidden);
    return new ParallelLayer(
        norm,
        attention,
        norm,
        new PlainMlp(
            LinearSlot.of(path + ".mlp.fc_in", hidden, true, inner),
            LinearSlot.of(path + ".mlp.fc_out", inner, true, hidden),
            Activations.read(model, "activation_function", "gelu_new")));
  }
}

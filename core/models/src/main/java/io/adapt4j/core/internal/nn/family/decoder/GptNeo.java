package io.adapt4j.core.internal.nn.family.decoder;

import com.fasterxml.jackson.databind.JsonNode;
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
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * GPT-Neo (Black et al. 2021) and TinyStories: learned positions, layer norms before each branch,
 * unscaled attention scores, and a sliding window in every second layer.
 */
public final class GptNeo extends BuiltInFamily {

  private static final String PREFIX = "transformer.";
  private static final String LOCAL = "local";

  private static final StoredNames NAMES =
      StoredNames.of(
          PREFIX, List.of("(transformer\\.)?h\\.\\d+\\.attn\\.attention\\.(masked_)?bias"));

  public GptNeo() {
    super("gpt_neo");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double outputs = DropoutFields.rate(fields, "resid_dropout", 0);
    return DropoutFields.ofAttention(fields)
        .withEmbedding(DropoutFields.rate(fields, "embed_dropout", 0))
        .withOutputs(outputs, outputs);
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    int hidden = fields.requirePositiveInt("hidden_size");
    int vocabulary = fields.requirePositiveInt("vocab_size");
    int positions = fields.positiveInt("max_position_embeddings", 2048);
    int layers = fields.requirePositiveInt("num_layers");
    List<String> kinds = kinds(fields, layers);
    String prefix = EncoderTask.isBaseModel(model) ? "" : PREFIX;
    Parameter embedding = Parameter.of(prefix + "wte.weight", vocabulary, hidden);
    List<Layer> declared = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      declared.add(layer(model, prefix + "h." + i, hidden, kinds.get(i).equals(LOCAL)));
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
            norm(fields, prefix + "ln_f", hidden),
            List.of());
    return Decoder.of(
        model,
        new Dimensions(hidden, layers, vocabulary, positions),
        NAMES,
        body,
        "lm_head.weight",
        fields.bool("tie_word_embeddings", true));
  }

  /**
   * Returns the attention kind of each layer; files list groups of kinds with a repeat count, or
   * all layers.
   */
  private static List<String> kinds(ConfigReader fields, int layers) {
    List<String> kinds = new ArrayList<>();
    for (JsonNode group : fields.json().path("attention_types")) {
      int times = Math.min(layers, group.path(1).asInt(0));
      for (int i = 0; i < times; i++) {
        group.path(0).forEach(kind -> kinds.add(kind.asText()));
      }
    }
    if (kinds.isEmpty()) {
      kinds.addAll(fields.texts("attention_layers"));
    }
    if (kinds.isEmpty()) {
      for (int i = 0; i < layers; i++) {
        kinds.add(i % 2 == 0 ? "global" : LOCAL);
      }
    }
    if (kinds.size() != layers || !Set.of("global", LOCAL).containsAll(kinds)) {
      throw fields.invalid(
          fields.has("attention_types") ? "attention_types" : "attention_layers",
          "global or local for each of num_layers " + layers,
          "Correct the list.");
    }
    return kinds;
  }

  private static Norm norm(ConfigReader fields, String path, int hidden) {
    double eps = fields.positiveNumber("layer_norm_epsilon", 1e-5);
    return LayerNorm.declare(path, hidden, true, eps);
  }

  private static Layer layer(ModelConfig model, String path, int hidden, boolean local) {
    ConfigReader fields = model.fields();
    int heads = fields.requirePositiveInt("num_heads");
    fields.requireDivisor("num_heads", heads, "hidden_size", hidden);
    int inner = fields.positiveInt("intermediate_size", 4 * hidden);
    String own = path + ".attn.attention";
    List<String> names = List.of("q_proj", "k_proj", "v_proj");
    Attention attention =
        new Attention(
            LinearSlot.of(own, hidden, false, names, hidden, hidden, hidden),
            LinearSlot.of(own + ".out_proj", hidden, true, hidden),
            Heads.grouped(heads, heads, hidden / heads),
            null,
            Attention.NO_ROTARY,
            new AttentionRule(1, 0, true, local ? fields.positiveInt("window_size", 256) : 0));
    return SequentialLayer.preNorm(
        norm(fields, path + ".ln_1", hidden),
        attention,
        norm(fields, path + ".ln_2", hidden),
        new PlainMlp(
            LinearSlot.of(path + ".mlp.c_fc", hidden, true, inner),
            LinearSlot.of(path + ".mlp.c_proj", inner, true, hidden),
            Activations.read(model, "activation_function", "gelu_new")));
  }
}

package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Attention;
import io.adapt4j.core.internal.nn.ClassificationHead;
import io.adapt4j.core.internal.nn.Embeddings;
import io.adapt4j.core.internal.nn.EncoderTask;
import io.adapt4j.core.internal.nn.Heads;
import io.adapt4j.core.internal.nn.Layer;
import io.adapt4j.core.internal.nn.LayerNorm;
import io.adapt4j.core.internal.nn.LinearSlot;
import io.adapt4j.core.internal.nn.Mlp;
import io.adapt4j.core.internal.nn.Norm;
import io.adapt4j.core.internal.nn.PlainMlp;
import io.adapt4j.core.internal.nn.PostNormLayer;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.tensor.Activation;
import io.adapt4j.core.internal.tensor.AttentionRule;
import io.adapt4j.core.internal.tensor.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * The body that BERT (Devlin et al. 2019) and RoBERTa (Liu et al. 2019) share: learned positions,
 * token types, a norm after each branch.
 *
 * @param model the configuration
 * @param prefix module path of the body with its dot; empty where the body is the whole model
 * @param hidden width of the hidden states
 * @param layers number of layers
 * @param eps of the norms
 */
record BertLike(ModelConfig model, String prefix, int hidden, int layers, double eps) {

  static BertLike read(ModelConfig model, String prefix) {
    ConfigReader fields = model.fields();
    return new BertLike(
        model,
        prefix,
        fields.requirePositiveInt("hidden_size"),
        fields.requirePositiveInt("num_hidden_layers"),
        fields.positiveNumber("layer_norm_eps", 1e-12));
  }

  int vocabulary() {
    return model.fields().requirePositiveInt("vocab_size");
  }

  int positions() {
    return model.fields().positiveInt("max_position_embeddings", 512);
  }

  Activation activation() {
    return Activations.read(model, "hidden_act", "gelu");
  }

  /** The output layer of both families that scores the classes of each token. */
  ClassificationHead tokenClasses() {
    return ClassificationHead.ofTokens(
        LinearSlot.of("classifier", hidden, true, EncoderTask.classes(model)));
  }

  Norm norm(String path) {
    return LayerNorm.declare(path, hidden, true, eps);
  }

  Transformer body() {
    int types = model.fields().positiveInt("type_vocab_size", 2);
    String path = prefix + "embeddings.";
    Embeddings embeddings =
        new Embeddings(
            Parameter.of(path + "word_embeddings.weight", vocabulary(), hidden),
            Parameter.of(path + "position_embeddings.weight", positions(), hidden),
            Parameter.of(path + "token_type_embeddings.weight", types, hidden),
            norm(path + "LayerNorm"),
            Embeddings.Scale.NONE);
    List<Layer> declared = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      declared.add(layer(prefix + "encoder.layer." + i));
    }
    return new Transformer(embeddings, List.copyOf(declared), Norm.NONE, List.of());
  }

  private Layer layer(String path) {
    ConfigReader fields = model.fields();
    int heads = fields.requirePositiveInt("num_attention_heads");
    if (hidden % heads != 0) {
      throw fields.invalid(
          "num_attention_heads", "a divisor of hidden_size " + hidden, "Correct one of the two.");
    }
    int inner = fields.requirePositiveInt("intermediate_size");
    Attention attention =
        new Attention(
            LinearSlot.of(
                path + ".attention.self",
                hidden,
                true,
                List.of("query", "key", "value"),
                hidden,
                hidden,
                hidden),
            LinearSlot.of(path + ".attention.output.dense", hidden, true, hidden),
            Heads.grouped(heads, heads, hidden / heads),
            null,
            Attention.NO_ROTARY,
            AttentionRule.bothWays(hidden / heads, 0));
    Mlp mlp =
        new PlainMlp(
            LinearSlot.of(path + ".intermediate.dense", hidden, true, inner),
            LinearSlot.of(path + ".output.dense", inner, true, hidden),
            activation());
    return new PostNormLayer(
        attention,
        norm(path + ".attention.output.LayerNorm"),
        mlp,
        norm(path + ".output.LayerNorm"));
  }
}

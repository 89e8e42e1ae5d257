package io.adapt4j.core.internal.nn.family.encoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.head.ClassificationHead;
import io.adapt4j.core.internal.nn.head.EncoderHead;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.head.MaskedLanguageHead;
import io.adapt4j.core.internal.nn.head.Pooling;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.PostNormLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * Common layers of BERT (Devlin et al. 2019) and RoBERTa (Liu et al. 2019): learned positions,
 * token types, a norm after each branch.
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

  /** Declares the token classification head of both families. */
  ClassificationHead tokenClasses() {
    return ClassificationHead.ofTokens(
        LinearSlot.of("classifier", hidden, true, EncoderTask.classes(model)));
  }

  Norm norm(String path) {
    return LayerNorm.declare(path, hidden, true, eps);
  }

  /** Declares embedding tables of a width, and the norm of their sum. */
  Embeddings embeddings(int width) {
    int types = model.fields().positiveInt("type_vocab_size", 2);
    String path = prefix + "embeddings.";
    return new Embeddings(
        Parameter.of(path + "word_embeddings.weight", vocabulary(), width),
        Parameter.of(path + "position_embeddings.weight", positions(), width),
        Parameter.of(path + "token_type_embeddings.weight", types, width),
        LayerNorm.declare(path + "LayerNorm", width, true, eps),
        Embeddings.Scale.NONE);
  }

  Transformer body() {
    return body(embeddings(hidden));
  }

  Transformer body(Embeddings embeddings) {
    List<Layer> declared = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      declared.add(layer(prefix + "encoder.layer." + i));
    }
    return new Transformer(embeddings, List.copyOf(declared), Norm.NONE, List.of());
  }

  Dimensions dimensions() {
    return new Dimensions(hidden, layers, vocabulary(), positions());
  }

  /** Returns the attention heads, whose total width must equal the hidden size. */
  Heads heads() {
    ConfigReader fields = model.fields();
    int heads = fields.requirePositiveInt("num_attention_heads");
    fields.requireDivisor("num_attention_heads", heads, "hidden_size", hidden);
    return Heads.grouped(heads, heads, hidden / heads);
  }

  /** Declares the MLP of a layer. */
  Mlp mlp(String up, String down) {
    int inner = model.fields().requirePositiveInt("intermediate_size");
    return new PlainMlp(
        LinearSlot.of(up, hidden, true, inner),
        LinearSlot.of(down, inner, true, hidden),
        activation());
  }

  /** Declares attention with separate projections below a path. */
  Attention attention(String path, List<String> names, String output) {
    Heads heads = heads();
    return new Attention(
        LinearSlot.of(path, hidden, true, names, hidden, hidden, hidden),
        LinearSlot.of(output, hidden, true, hidden),
        heads,
        null,
        Attention.NO_ROTARY,
        AttentionRule.bothWays(heads.dim(), 0));
  }

  /** Declares the output of RoBERTa and MPNet for a task. */
  EncoderHead robertaHead(EncoderTask task, Transformer body) {
    return switch (task) {
      case FEATURES -> new EncoderHead.None();
      case MASKED_TOKENS ->
          maskedTokens(
              "lm_head.", "dense", "layer_norm", Activation.GELU, body.embeddings().tokens());
      case CLASSES -> classes("classifier.dense", "classifier.out_proj");
      case TOKEN_CLASSES -> tokenClasses();
    };
  }

  /** Declares the head for masked tokens, whose output matrix is the embedding or its own. */
  MaskedLanguageHead maskedTokens(
      String path, String dense, String norm, Activation activation, Parameter embedding) {
    boolean tied = model.fields().bool("tie_word_embeddings", true);
    Parameter weight =
        tied ? embedding : Parameter.of(path + "decoder.weight", vocabulary(), hidden);
    return new MaskedLanguageHead(
        LinearSlot.of(path + dense, hidden, true, hidden),
        activation,
        norm(path + norm),
        new VocabularyHead(weight, Parameter.of(path + "bias", vocabulary()), 1, 0));
  }

  /** Declares the head for classes of texts. */
  ClassificationHead classes(String dense, String output) {
    return ClassificationHead.ofTexts(
        Pooling.FIRST,
        LinearSlot.of(dense, hidden, true, hidden),
        Activation.TANH,
        Norm.NONE,
        LinearSlot.of(output, hidden, true, EncoderTask.classes(model)));
  }

  private Layer layer(String path) {
    return new PostNormLayer(
        attention(
            path + ".attention.self",
            List.of("query", "key", "value"),
            path + ".attention.output.dense"),
        norm(path + ".attention.output.LayerNorm"),
        mlp(path + ".intermediate.dense", path + ".output.dense"),
        norm(path + ".output.LayerNorm"));
  }
}

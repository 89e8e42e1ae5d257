package io.adapt4j.core.internal.nn.family.encoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
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
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** DistilBERT (Sanh et al. 2019): BERT's layers with different names and without token types. */
public final class DistilBert extends BuiltInFamily {

  private static final String PREFIX = "distilbert.";
  private static final double EPS = 1e-12;

  private static final StoredNames NAMES =
      StoredNames.of(
          PREFIX,
          List.of(
              "(distilbert\\.)?embeddings\\.position_ids",
              "vocab_.*",
              "pre_classifier\\..*",
              "classifier\\..*"));

  public DistilBert() {
    super("distilbert");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double hidden = DropoutFields.rate(fields, "dropout", 0.1);
    boolean ofTokens = EncoderTask.of(model) == EncoderTask.TOKEN_CLASSES;
    return DropoutRates.ofAttention(DropoutFields.rate(fields, "attention_dropout", 0.1))
        .withEmbedding(hidden)
        .withOutputs(0, hidden)
        .withClassifier(
            0, ofTokens ? hidden : DropoutFields.rate(fields, "seq_classif_dropout", 0.2));
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    EncoderTask task = EncoderTask.of(model);
    int hidden = fields.positiveInt("dim", 768);
    int layers = fields.positiveInt("n_layers", 6);
    int vocabulary = fields.requirePositiveInt("vocab_size");
    int positions = fields.positiveInt("max_position_embeddings", 512);
    String prefix = task == EncoderTask.FEATURES ? "" : PREFIX;
    Embeddings embeddings =
        new Embeddings(
            Parameter.of(prefix + "embeddings.word_embeddings.weight", vocabulary, hidden),
            Parameter.of(prefix + "embeddings.position_embeddings.weight", positions, hidden),
            null,
            LayerNorm.declare(prefix + "embeddings.LayerNorm", hidden, true, EPS),
            Embeddings.Scale.NONE);
    List<Layer> declared = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      declared.add(layer(model, prefix + "transformer.layer." + i, hidden));
    }
    Transformer body = new Transformer(embeddings, List.copyOf(declared), Norm.NONE, List.of());
    EncoderHead head =
        switch (task) {
          case FEATURES -> new EncoderHead.None();
          case MASKED_TOKENS -> maskedTokens(model, embeddings.tokens());
          case CLASSES -> classes(model, hidden);
          case TOKEN_CLASSES ->
              ClassificationHead.ofTokens(
                  LinearSlot.of("classifier", hidden, true, EncoderTask.classes(model)));
        };
    Dimensions dimensions = new Dimensions(hidden, layers, vocabulary, positions);
    return new Encoder(model, dimensions, NAMES, body, head, OptionalInt.empty());
  }

  private static Layer layer(ModelConfig model, String path, int hidden) {
    ConfigReader fields = model.fields();
    int heads = fields.positiveInt("n_heads", 12);
    fields.requireDivisor("n_heads", heads, "dim", hidden);
    int inner = fields.positiveInt("hidden_dim", 3072);
    Attention attention =
        new Attention(
            LinearSlot.of(
                path + ".attention",
                hidden,
                true,
                List.of("q_lin", "k_lin", "v_lin"),
                hidden,
                hidden,
                hidden),
            LinearSlot.of(path + ".attention.out_lin", hidden, true, hidden),
            Heads.grouped(heads, heads, hidden / heads),
            null,
            Attention.NO_ROTARY,
            AttentionRule.bothWays(hidden / heads, 0));
    Mlp mlp =
        new PlainMlp(
            LinearSlot.of(path + ".ffn.lin1", hidden, true, inner),
            LinearSlot.of(path + ".ffn.lin2", inner, true, hidden),
            Activations.read(model, "activation", "gelu"));
    return new PostNormLayer(
        attention,
        LayerNorm.declare(path + ".sa_layer_norm", hidden, true, EPS),
        mlp,
        LayerNorm.declare(path + ".output_layer_norm", hidden, true, EPS));
  }

  private static EncoderHead maskedTokens(ModelConfig model, Parameter embedding) {
    long vocabulary = embedding.sizes()[0];
    long hidden = embedding.sizes()[1];
    boolean tied = model.fields().bool("tie_word_embeddings", true);
    Parameter weight =
        tied ? embedding : Parameter.of("vocab_projector.weight", vocabulary, hidden);
    return new MaskedLanguageHead(
        LinearSlot.of("vocab_transform", hidden, true, hidden),
        Activations.read(model, "activation", "gelu"),
        LayerNorm.declare("vocab_layer_norm", hidden, true, EPS),
        new VocabularyHead(weight, Parameter.of("vocab_projector.bias", vocabulary), 1, 0));
  }

  private static EncoderHead classes(ModelConfig model, int hidden) {
    return ClassificationHead.ofTexts(
        Pooling.FIRST,
        LinearSlot.of("pre_classifier", hidden, true, hidden),
        Activation.RELU,
        Norm.NONE,
        LinearSlot.of("classifier", hidden, true, EncoderTask.classes(model)));
  }
}

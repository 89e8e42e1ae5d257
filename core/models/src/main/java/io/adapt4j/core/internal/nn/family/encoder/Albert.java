package io.adapt4j.core.internal.nn.family.encoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.head.EncoderHead;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.head.MaskedLanguageHead;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.PostNormLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * ALBERT (Lan et al. 2020): BERT with a few layers that are applied repeatedly, and narrow
 * embeddings.
 */
public final class Albert extends BuiltInFamily {

  private static final String PREFIX = "albert.";

  private static final StoredNames NAMES =
      StoredNames.of(
              PREFIX,
              List.of(
                  "(albert\\.)?embeddings\\.position_ids",
                  "(albert\\.)?pooler\\..*",
                  "predictions\\..*",
                  "sop_classifier\\..*",
                  "classifier\\..*"))
          .keeping("pooler\\.(weight|bias)");

  /** Additional tensors of the pretraining class, for sentence order prediction. */
  private static final String PRETRAINING =
      "pooler\\.(weight|bias)|sop_classifier\\.classifier\\.(weight|bias)";

  public Albert() {
    super("albert");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double hidden = DropoutFields.rate(fields, "hidden_dropout_prob", 0);
    return DropoutRates.ofAttention(DropoutFields.rate(fields, "attention_probs_dropout_prob", 0))
        .withEmbedding(hidden)
        .withOutputs(hidden, 0)
        .withClassifier(0, DropoutFields.rate(fields, "classifier_dropout_prob", 0.1));
  }

  @Override
  public Network declare(ModelConfig model) {
    EncoderTask task = EncoderTask.of(model);
    BertLike bert = BertLike.read(model, task == EncoderTask.FEATURES ? "" : PREFIX);
    int width = model.fields().positiveInt("embedding_size", 128);
    Embeddings embeddings = bert.embeddings(width);
    Transformer body = body(bert, embeddings, width);
    EncoderHead head =
        switch (task) {
          case FEATURES -> new EncoderHead.None();
          case MASKED_TOKENS -> maskedTokens(bert, embeddings, width);
          case CLASSES -> bert.classes(PREFIX + "pooler", "classifier");
          case TOKEN_CLASSES -> bert.tokenClasses();
        };
    boolean pretraining =
        model.architectures().stream().anyMatch(name -> name.endsWith("ForPreTraining"));
    return new Encoder(
        model,
        bert.dimensions(),
        pretraining ? NAMES.keeping(PRETRAINING) : NAMES,
        body,
        head,
        OptionalInt.empty());
  }

  private static Transformer body(BertLike bert, Embeddings embeddings, int width) {
    String path = bert.prefix() + "encoder.";
    ConfigReader fields = bert.model().fields();
    int groups = fields.positiveInt("num_hidden_groups", 1);
    int inner = fields.positiveInt("inner_group_num", 1);
    if (groups > bert.layers()) {
      throw fields.invalid(
          "num_hidden_groups",
          "at most " + bert.layers() + ", the number of layers",
          "Correct one of the two.");
    }
    List<List<Layer>> shared = new ArrayList<>();
    for (int group = 0; group < groups; group++) {
      List<Layer> own = new ArrayList<>();
      for (int i = 0; i < inner; i++) {
        own.add(layer(bert, path + "albert_layer_groups." + group + ".albert_layers." + i));
      }
      shared.add(own);
    }
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < bert.layers(); i++) {
      layers.addAll(shared.get((int) ((long) i * groups / bert.layers())));
    }
    return new Transformer(
        embeddings.projected(
            LinearSlot.of(path + "embedding_hidden_mapping_in", width, true, bert.hidden()),
            Embeddings.Projection.Place.AFTER_NORM),
        List.copyOf(layers),
        Norm.NONE,
        List.of());
  }

  private static Layer layer(BertLike bert, String path) {
    return new PostNormLayer(
        bert.attention(
            path + ".attention", List.of("query", "key", "value"), path + ".attention.dense"),
        bert.norm(path + ".attention.LayerNorm"),
        bert.mlp(path + ".ffn", path + ".ffn_output"),
        bert.norm(path + ".full_layer_layer_norm"));
  }

  private static EncoderHead maskedTokens(BertLike bert, Embeddings embeddings, int width) {
    String path = "predictions.";
    boolean tied = bert.model().fields().bool("tie_word_embeddings", true);
    return new MaskedLanguageHead(
        LinearSlot.of(path + "dense", bert.hidden(), true, width),
        bert.activation(),
        LayerNorm.declare(path + "LayerNorm", width, true, bert.eps()),
        new VocabularyHead(
            tied
                ? embeddings.tokens()
                : Parameter.of(path + "decoder.weight", bert.vocabulary(), width),
            Parameter.of(path + "bias", bert.vocabulary()),
            1,
            0));
  }
}

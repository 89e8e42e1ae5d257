package io.adapt4j.core.internal.nn.family.encoder;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.DistanceScores;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.head.EncoderHead;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.layer.DistanceLayer;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.op.RelativeOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * MPNet (Song et al. 2020): BERT's layers with a relative position bias in one table for all
 * layers, and RoBERTa's position numbers; no token types.
 */
public final class MpNet extends BuiltInFamily {

  private static final String PREFIX = "mpnet.";

  /** Hard-coded in the Transformers class, whatever the configuration says. */
  private static final int PADDING = 1;

  private static final RelativeOps.Buckets BUCKETS = new RelativeOps.Buckets(32, 128);

  private static final String TABLE_ROWS = "relative_attention_num_buckets";

  private static final StoredNames NAMES =
      StoredNames.of(
              PREFIX,
              List.of(
                  "(mpnet\\.)?embeddings\\.position_ids",
                  "(mpnet\\.)?pooler\\..*",
                  "lm_head\\..*",
                  "classifier\\..*"))
          .keeping(StoredNames.POOLING_LAYER);

  public MpNet() {
    super("mpnet");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    DropoutRates rates = DropoutFields.ofBert(model.fields());
    return rates.withClassifier(rates.embedding(), rates.embedding());
  }

  @Override
  public Network declare(ModelConfig model) {
    EncoderTask task = EncoderTask.of(model);
    BertLike bert = BertLike.read(model, task == EncoderTask.FEATURES ? "" : PREFIX);
    Transformer body = body(bert);
    EncoderHead head = bert.robertaHead(task, body);
    Dimensions dimensions =
        new Dimensions(
            bert.hidden(), bert.layers(), bert.vocabulary(), bert.positions() - PADDING - 1);
    return new Encoder(model, dimensions, NAMES, body, head, OptionalInt.of(PADDING));
  }

  private static Transformer body(BertLike bert) {
    String path = bert.prefix() + "embeddings.";
    Embeddings embeddings =
        new Embeddings(
            Parameter.of(path + "word_embeddings.weight", bert.vocabulary(), bert.hidden()),
            Parameter.of(path + "position_embeddings.weight", bert.positions(), bert.hidden()),
            null,
            bert.norm(path + "LayerNorm"),
            Embeddings.Scale.NONE);
    int rows = bert.model().fields().positiveInt(TABLE_ROWS, BUCKETS.buckets());
    if (rows < BUCKETS.buckets()) {
      throw bert.model()
          .fields()
          .invalid(
              TABLE_ROWS,
              "at least " + BUCKETS.buckets(),
              "Transformers always tells so many buckets apart.");
    }
    DistanceScores scores =
        new DistanceScores.Bias(
            Parameter.of(
                bert.prefix() + "encoder.relative_attention_bias.weight",
                rows,
                bert.heads().query()),
            BUCKETS);
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < bert.layers(); i++) {
      layers.add(layer(bert, scores, bert.prefix() + "encoder.layer." + i));
    }
    return new Transformer(embeddings, List.copyOf(layers), Norm.NONE, List.of());
  }

  private static Layer layer(BertLike bert, DistanceScores scores, String path) {
    return new DistanceLayer(
        bert.attention(
            path + ".attention.attn", List.of("q", "k", "v"), path + ".attention.attn.o"),
        scores,
        bert.norm(path + ".attention.LayerNorm"),
        bert.mlp(path + ".intermediate.dense", path + ".output.dense"),
        bert.norm(path + ".output.LayerNorm"));
  }
}

package io.adapt4j.core.internal.nn.family.encoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScalingReader;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Encoder;
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
import io.adapt4j.core.internal.nn.layer.PostNormLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Jina embeddings 3 (Sturua et al. 2024): XLM-RoBERTa with rotary positions, as Transformers has
 * it: without the adapters of tasks, which it reads from folders of their own.
 */
public final class JinaV3 extends BuiltInFamily {

  private static final String PREFIX = "roberta.";

  private static final StoredNames NAMES =
      StoredNames.of(PREFIX, List.of("(roberta\\.)?pooler\\..*", "lm_head\\..*", "classifier\\..*"))
          .keeping(StoredNames.POOLING_LAYER);

  public JinaV3() {
    super("jina_embeddings_v3");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    DropoutRates rates = DropoutFields.ofBert(model.fields());
    return rates.withClassifier(rates.classifier(), rates.classifier());
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    EncoderTask task = EncoderTask.of(model);
    BertLike bert =
        new BertLike(
            model,
            task == EncoderTask.FEATURES ? "" : PREFIX,
            fields.requirePositiveInt("hidden_size"),
            fields.requirePositiveInt("num_hidden_layers"),
            fields.positiveNumber("layer_norm_eps", 1e-5));
    Transformer body = body(bert);
    return new Encoder(
        model, bert.dimensions(), NAMES, body, bert.robertaHead(task, body), OptionalInt.empty());
  }

  private static Transformer body(BertLike bert) {
    String path = bert.prefix() + "embeddings.";
    int types = bert.model().fields().positiveInt("type_vocab_size", 1);
    Embeddings embeddings =
        new Embeddings(
            Parameter.of(path + "word_embeddings.weight", bert.vocabulary(), bert.hidden()),
            null,
            Parameter.of(path + "token_type_embeddings.weight", types, bert.hidden()),
            bert.norm(bert.prefix() + "emb_ln"),
            Embeddings.Scale.NONE);
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < bert.layers(); i++) {
      layers.add(layer(bert, bert.prefix() + "encoder.layers." + i));
    }
    return new Transformer(embeddings, List.copyOf(layers), Norm.NONE, List.of(rotary(bert)));
  }

  private static RotaryFrequencies rotary(BertLike bert) {
    ConfigReader fields = bert.model().fields();
    return RotaryFrequencies.of(
        RopeScalingReader.theta(fields, Optional.empty(), 20_000),
        bert.heads().dim(),
        bert.positions(),
        RopeScalingReader.scaling(fields, Optional.empty()));
  }

  private static Layer layer(BertLike bert, String path) {
    Heads heads = bert.heads();
    long hidden = bert.hidden();
    return new PostNormLayer(
        new Attention(
            LinearSlot.of(path + ".mixer.Wqkv", hidden, true, 3 * hidden),
            LinearSlot.of(path + ".mixer.out_proj", hidden, true, hidden),
            heads,
            null,
            0,
            AttentionRule.bothWays(heads.dim(), 0)),
        bert.norm(path + ".norm1"),
        bert.mlp(path + ".mlp.fc1", path + ".mlp.fc2"),
        bert.norm(path + ".norm2"));
  }
}

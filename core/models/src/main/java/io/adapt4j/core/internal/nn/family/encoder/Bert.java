package io.adapt4j.core.internal.nn.family.encoder;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.head.EncoderHead;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import java.util.List;
import java.util.OptionalInt;

/** BERT (Devlin et al. 2019) and sentence encoders based on it. */
public final class Bert extends BuiltInFamily {

  private static final String PREFIX = "bert.";

  private static final StoredNames NAMES =
      StoredNames.of(
              PREFIX,
              List.of(
                  "(bert\\.)?embeddings\\.position_ids",
                  "(bert\\.)?pooler\\..*",
                  "cls\\..*",
                  "classifier\\..*"))
          .keeping(StoredNames.POOLING_LAYER);

  /** Additional tensors of the pretraining class, for next sentence prediction. */
  private static final String PRETRAINING =
      StoredNames.POOLING_LAYER + "|cls\\.seq_relationship\\.(weight|bias)";

  public Bert() {
    super("bert");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    return DropoutFields.ofBert(model.fields());
  }

  @Override
  public Network declare(ModelConfig model) {
    EncoderTask task = EncoderTask.of(model);
    BertLike bert = BertLike.read(model, task == EncoderTask.FEATURES ? "" : PREFIX);
    Transformer body = bert.body();
    EncoderHead head =
        switch (task) {
          case FEATURES -> new EncoderHead.None();
          case MASKED_TOKENS ->
              bert.maskedTokens(
                  "cls.predictions.",
                  "transform.dense",
                  "transform.LayerNorm",
                  bert.activation(),
                  body.embeddings().tokens());
          case CLASSES -> bert.classes(PREFIX + "pooler.dense", "classifier");
          case TOKEN_CLASSES -> bert.tokenClasses();
        };
    Dimensions dimensions =
        new Dimensions(bert.hidden(), bert.layers(), bert.vocabulary(), bert.positions());
    boolean pretraining =
        model.architectures().stream().anyMatch(name -> name.endsWith("ForPreTraining"));
    StoredNames names = pretraining ? NAMES.keeping(PRETRAINING) : NAMES;
    return new Encoder(model, dimensions, names, body, head, OptionalInt.empty());
  }
}

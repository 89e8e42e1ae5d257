package io.adapt4j.core.internal.nn.family.encoder;

import io.adapt4j.core.internal.config.DecoderConfig;
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
import java.util.Set;

/**
 * RoBERTa (Liu et al. 2019), XLM-RoBERTa and CamemBERT: BERT with positions that start after the
 * padding id.
 */
public final class Roberta extends BuiltInFamily {

  private static final String PREFIX = "roberta.";
  private static final int DEFAULT_PADDING = 1;

  private static final StoredNames NAMES =
      StoredNames.of(
              PREFIX,
              List.of(
                  "(roberta\\.)?embeddings\\.position_ids",
                  "(roberta\\.)?pooler\\..*",
                  "lm_head\\..*",
                  "classifier\\..*"))
          .keeping(StoredNames.POOLING_LAYER);

  public Roberta() {
    super(Set.of("roberta", "xlm-roberta", "camembert"), DecoderConfig.Defaults.LLAMA);
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    DropoutRates rates = DropoutFields.ofBert(model.fields());
    return rates.withClassifier(rates.classifier(), rates.classifier());
  }

  @Override
  public Network declare(ModelConfig model) {
    EncoderTask task = EncoderTask.of(model);
    BertLike bert = BertLike.read(model, task == EncoderTask.FEATURES ? "" : PREFIX);
    Transformer body = bert.body();
    EncoderHead head = bert.robertaHead(task, body);
    int padding = model.padTokenId().orElse(DEFAULT_PADDING);
    Dimensions dimensions =
        new Dimensions(
            bert.hidden(), bert.layers(), bert.vocabulary(), bert.positions() - padding - 1);
    return new Encoder(model, dimensions, NAMES, body, head, OptionalInt.of(padding));
  }
}

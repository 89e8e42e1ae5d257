package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;

/** Granite 3 (IBM 2024): Llama with scale factors on embeddings, scores, branches and logits. */
public final class Granite extends BuiltInFamily {

  public Granite() {
    super(
        "granite",
        "embedding_multiplier",
        "attention_multiplier",
        "residual_multiplier",
        "logits_scaling");
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    return scaled(new LlamaLike(model, config), model)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .mlpBias(config.mlpBias())
        .declare();
  }

  /** Sets the scale factors. */
  public static LlamaLike scaled(LlamaLike like, ModelConfig model) {
    ConfigReader fields = model.fields();
    return like.embeddingScale(
            new Embeddings.Scale(fields.positiveNumber("embedding_multiplier", 1), false))
        .attentionScale(fields.positiveNumber("attention_multiplier", 1))
        .residualScale(fields.positiveNumber("residual_multiplier", 1))
        .logitScale(1 / fields.positiveNumber("logits_scaling", 1));
  }
}

package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.TextModel;

/** Llama 1 to 3 (Touvron et al. 2023) and the many models with the same architecture. */
public final class Llama extends BuiltInFamily implements TextModel {

  public Llama() {
    super("llama");
  }

  @Override
  public Network declare(ModelConfig model) {
    return like(model, model).declare();
  }

  @Override
  public LlamaLike like(ModelConfig whole, ModelConfig model) {
    DecoderConfig config = dimensions(model);
    return new LlamaLike(whole, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .mlpBias(config.mlpBias());
  }
}

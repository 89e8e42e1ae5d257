package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.TextModel;

/**
 * Gemma 1 (Gemma Team 2024): Llama with norm weights stored as differences from 1, embeddings
 * scaled by sqrt(hidden) and wide heads.
 */
public final class Gemma extends BuiltInFamily implements TextModel {

  public Gemma() {
    super("gemma", new DecoderConfig.Defaults(8192, 1e-6, "gelu_pytorch_tanh", true, 10_000, 256));
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
        .normOffset(1)
        .embeddingScale(new Embeddings.Scale(Math.sqrt(config.hiddenSize()), true));
  }
}

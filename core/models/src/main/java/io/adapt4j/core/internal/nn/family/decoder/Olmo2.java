package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;

/**
 * OLMo 2 (OLMo Team 2025): norms after each branch instead of before, and norms over the full width
 * of queries and keys.
 */
public final class Olmo2 extends BuiltInFamily {

  public Olmo2() {
    super("olmo2", new DecoderConfig.Defaults(2048, 1e-5, "silu", false, 10_000));
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .norms(LlamaLike.NormPlacement.AFTER)
        .queryKeyNorms(LlamaLike.QueryKeyNorms.FULL_WIDTH)
        .declare();
  }
}

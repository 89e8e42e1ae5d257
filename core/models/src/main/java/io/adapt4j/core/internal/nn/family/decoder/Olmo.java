package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.norm.UnitLayerNorm;

/**
 * OLMo 1 (Groeneveld et al. 2024): Llama with layer norms without weights and, in some releases,
 * clipped queries, keys and values.
 */
public final class Olmo extends BuiltInFamily {

  private static final String LIMIT = "clip_qkv";

  /** Epsilon of the norms; the configuration has no field for it. */
  private static final double EPS = 1e-5;

  public Olmo() {
    super("olmo", new DecoderConfig.Defaults(2048, EPS, "silu", false, 10_000), LIMIT);
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .norms((path, width) -> new UnitLayerNorm(EPS))
        .projectionLimit(model.fields().positiveNumber(LIMIT, 0))
        .declare();
  }
}

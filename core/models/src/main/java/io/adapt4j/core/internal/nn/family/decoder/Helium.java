package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;

/** Helium (Kyutai 2025): Llama with rotary positions on adjacent pairs. */
public final class Helium extends BuiltInFamily {

  public Helium() {
    super("helium", new DecoderConfig.Defaults(4096, 1e-8, "silu", false, 100_000, 128));
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), false)
        .mlpBias(config.mlpBias())
        .rotatedInPairs()
        .declare();
  }
}

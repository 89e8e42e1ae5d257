package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import java.util.Set;

/** Helium (Kyutai 2025): Llama with rotary positions on adjacent pairs. */
public final class Helium implements Architecture {

  @Override
  public Set<String> modelTypes() {
    return Set.of("helium");
  }

  @Override
  public DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(4096, 1e-8, "silu", false, 100_000, 128);
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

package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import java.util.Set;

/** Llama 1 to 3 (Touvron et al. 2023) and the many models with the same architecture. */
public final class Llama implements Architecture {

  @Override
  public Set<String> modelTypes() {
    return Set.of("llama");
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .mlpBias(config.mlpBias())
        .declare();
  }
}

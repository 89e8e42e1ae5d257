package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;

/** ERNIE 4.5, dense (Baidu 2025): Llama with rotary positions on adjacent pairs. */
public final class Ernie45 extends BuiltInFamily {

  public Ernie45() {
    super("ernie4_5", new DecoderConfig.Defaults(131_072, 1e-5, "silu", true, 500_000, 128));
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    boolean bias = model.fields().bool("use_bias", false);
    return new LlamaLike(model, config)
        .attentionBias(bias, bias)
        .mlpBias(bias)
        .rotatedInPairs()
        .declare();
  }
}

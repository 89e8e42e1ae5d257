package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import java.util.OptionalInt;
import java.util.Set;

/** ERNIE 4.5, dense (Baidu 2025): Llama with rotary positions on adjacent pairs. */
public final class Ernie45 implements Architecture {

  private static final DecoderConfig.Defaults DEFAULTS =
      new DecoderConfig.Defaults(131_072, 1e-5, "silu", true, 500_000, OptionalInt.of(128));

  @Override
  public Set<String> modelTypes() {
    return Set.of("ernie4_5");
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = DecoderConfig.from(model, DEFAULTS);
    boolean bias = model.fields().bool("use_bias", false);
    return new LlamaLike(model, config)
        .attentionBias(bias, bias)
        .mlpBias(bias)
        .rotatedInPairs()
        .declare();
  }
}

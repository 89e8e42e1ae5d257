package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import java.util.List;

/** Ministral (Mistral AI 2024): Mistral with a sliding window in some layers. */
public final class Ministral extends BuiltInFamily {

  public Ministral() {
    super(
        "ministral",
        new DecoderConfig.Defaults(131_072, 1e-6, "silu", false, 10_000),
        "sliding_window",
        "layer_types");
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    int window = SlidingWindow.size(model, 4096);
    List<Boolean> slides = LayerTypes.sliding(model, config.layers(), layer -> window > 0);
    return new LlamaLike(model, config).window(LayerTypes.windows(model, slides, window)).declare();
  }
}

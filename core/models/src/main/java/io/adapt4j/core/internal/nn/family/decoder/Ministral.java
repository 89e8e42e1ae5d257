package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import java.util.List;
import java.util.Set;

/** Ministral (Mistral AI 2024): Mistral with a sliding window in some layers. */
public final class Ministral implements Architecture {

  @Override
  public Set<String> modelTypes() {
    return Set.of("ministral");
  }

  @Override
  public DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(131_072, 1e-6, "silu", false, 10_000);
  }

  @Override
  public Set<String> features() {
    return Set.of("sliding_window", "layer_types");
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    int window = SlidingWindow.size(model, 4096);
    List<Boolean> slides = LayerTypes.sliding(model, config.layers(), layer -> window > 0);
    return new LlamaLike(model, config).window(LayerTypes.windows(model, slides, window)).declare();
  }
}

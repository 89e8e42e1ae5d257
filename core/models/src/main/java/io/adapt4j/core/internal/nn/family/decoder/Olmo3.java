package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import java.util.List;
import java.util.Optional;

/**
 * OLMo 3 (OLMo Team 2025): OLMo 2 with a sliding window in three of four layers, whose rotary
 * frequencies are not scaled.
 */
public final class Olmo3 extends BuiltInFamily {

  public Olmo3() {
    super(
        "olmo3",
        new DecoderConfig.Defaults(65_536, 1e-5, "silu", false, 500_000),
        "sliding_window",
        "layer_types");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(model, defaults(), Optional.of(LayerTypes.FULL));
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    int window = SlidingWindow.size(model, 4096);
    List<Boolean> slides =
        LayerTypes.sliding(model, config.layers(), layer -> (layer + 1) % 4 != 0);
    RotaryFrequencies local =
        LayerTypes.rotary(model, config, LayerTypes.SLIDING)
            .orElseGet(
                () ->
                    RotaryFrequencies.of(
                        config.ropeTheta(),
                        config.rotaryDim(),
                        config.maxPositionEmbeddings(),
                        new RopeScaling.Default()));
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .norms(LlamaLike.NormPlacement.AFTER)
        .queryKeyNorms(LlamaLike.QueryKeyNorms.FULL_WIDTH)
        .window(LayerTypes.windows(model, slides, window))
        .rotary(List.of(RotaryFrequencies.of(config), local), layer -> slides.get(layer) ? 1 : 0)
        .declare();
  }
}

package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import java.util.List;
import java.util.stream.IntStream;

/** SmolLM3 (2025): Llama without rotary positions in every fourth layer. */
public final class SmolLm3 extends BuiltInFamily {

  public SmolLm3() {
    super(
        "smollm3",
        new DecoderConfig.Defaults(32_768, 1e-6, "silu", true, 2_000_000),
        "no_rope_layers",
        "no_rope_layer_interval",
        "sliding_window",
        "use_sliding_window",
        "layer_types");
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    List<Boolean> rotated = rotated(model, config.layers());
    boolean on = model.fields().bool("use_sliding_window", false);
    int window = on ? SlidingWindow.size(model, 0) : 0;
    List<Boolean> slides =
        LayerTypes.sliding(model, config.layers(), layer -> window > 0 && !rotated.get(layer));
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .mlpBias(config.mlpBias())
        .rotary(
            List.of(RotaryFrequencies.of(config)),
            layer -> rotated.get(layer) ? 0 : Attention.NO_ROTARY)
        .window(LayerTypes.windows(model, slides, window))
        .declare();
  }

  /**
   * Reads {@code no_rope_layers}, which has 1 for layers with rotary positions and 0 for those
   * without.
   */
  private static List<Boolean> rotated(ModelConfig model, int layers) {
    List<Integer> stated = model.fields().integers("no_rope_layers");
    if (stated.isEmpty()) {
      int interval = model.fields().positiveInt("no_rope_layer_interval", 4);
      return IntStream.range(0, layers).mapToObj(layer -> (layer + 1) % interval != 0).toList();
    }
    if (stated.size() < layers) {
      throw model
          .fields()
          .invalid("no_rope_layers", layers + " entries, 1 or 0 each", "Add the missing ones.");
    }
    return stated.stream().map(value -> value != 0).toList();
  }
}

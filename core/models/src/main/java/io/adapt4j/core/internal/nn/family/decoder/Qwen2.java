package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import io.adapt4j.core.internal.nn.family.common.TextModel;
import java.util.List;

/**
 * Qwen 2 and 2.5 (Yang et al. 2024): Llama with biases on query, key and value, and an optional
 * sliding window in some layers.
 */
public final class Qwen2 extends BuiltInFamily implements TextModel {

  public Qwen2() {
    super(
        "qwen2",
        new DecoderConfig.Defaults(32_768, 1e-6, "silu", false, 10_000),
        "sliding_window",
        "use_sliding_window",
        "layer_types");
  }

  @Override
  public Network declare(ModelConfig model) {
    return like(model, model).declare();
  }

  @Override
  public LlamaLike like(ModelConfig whole, ModelConfig model) {
    DecoderConfig config = dimensions(model);
    return windowed(whole, model, config, 28).attentionBias(true, false);
  }

  /**
   * Declares a sliding window in the layers of {@code layer_types} if {@code use_sliding_window} is
   * set, given the default number of layers without one.
   */
  static LlamaLike windowed(ModelConfig whole, ModelConfig model, DecoderConfig config, int most) {
    boolean on = model.fields().bool("use_sliding_window", false);
    int window = on ? SlidingWindow.size(model, 4096) : 0;
    int full = model.fields().optionalInt("max_window_layers").orElse(most);
    List<Boolean> slides =
        LayerTypes.sliding(model, config.layers(), layer -> window > 0 && layer >= full);
    return new LlamaLike(whole, config).window(LayerTypes.windows(model, slides, window));
  }
}

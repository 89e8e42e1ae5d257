package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import io.adapt4j.core.internal.nn.family.common.TextModel;

/**
 * Mistral 7B and related models (Jiang et al. 2023): Llama with a sliding window in every layer.
 */
public final class Mistral extends BuiltInFamily implements TextModel {

  static final int WINDOW = 4096;

  public Mistral() {
    super(
        "mistral",
        new DecoderConfig.Defaults(131_072, 1e-6, "silu", false, 10_000),
        "sliding_window");
  }

  @Override
  public Network declare(ModelConfig model) {
    return like(model, model).declare();
  }

  @Override
  public LlamaLike like(ModelConfig whole, ModelConfig model) {
    DecoderConfig config = dimensions(model);
    int window = SlidingWindow.size(model, WINDOW);
    return new LlamaLike(whole, config).window(layer -> window);
  }
}

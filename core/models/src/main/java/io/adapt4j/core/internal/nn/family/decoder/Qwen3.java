package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.TextModel;

/** Qwen 3 (Yang et al. 2025): Qwen 2 without biases, with norms on each query and key head. */
public final class Qwen3 extends BuiltInFamily implements TextModel {

  public Qwen3() {
    super(
        "qwen3",
        new DecoderConfig.Defaults(32_768, 1e-6, "silu", false, 10_000, 128),
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
    return Qwen2.windowed(whole, model, config, 28)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .queryKeyNorms(LlamaLike.QueryKeyNorms.PER_HEAD);
  }
}

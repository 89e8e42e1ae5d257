package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.PartialRotary;
import io.adapt4j.core.internal.nn.norm.LayerNorm;

/**
 * Nemotron 4 and Minitron (Parmar et al. 2024): layer norm weights stored as differences from 1, a
 * squared ReLU without a gate, rotary positions on half of each head.
 */
public final class Nemotron extends BuiltInFamily {

  public Nemotron() {
    super("nemotron", new DecoderConfig.Defaults(4096, 1e-6, "relu2", false, 10_000));
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(PartialRotary.withDefault(model, 0.5), defaults());
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    double eps = model.fields().positiveNumber("norm_eps", 1e-5);
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .mlpBias(config.mlpBias())
        .plainMlp("up_proj", "down_proj")
        .norms((path, width) -> LayerNorm.declare(path, width, 1, true, eps))
        .declare();
  }
}

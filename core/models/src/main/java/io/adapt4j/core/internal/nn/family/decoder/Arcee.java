package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;

/** AFM (Arcee 2025): Llama with a squared ReLU instead of the gate. */
public final class Arcee extends BuiltInFamily {

  public Arcee() {
    super("arcee", new DecoderConfig.Defaults(4096, 1e-5, "relu2", false, 10_000));
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .mlpBias(config.mlpBias())
        .plainMlp("up_proj", "down_proj")
        .declare();
  }
}

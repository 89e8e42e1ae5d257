package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.tensor.op.DropoutRates;

/** Seed-OSS (ByteDance 2025): Llama with biases on query, key and value. */
public final class SeedOss extends BuiltInFamily {

  public SeedOss() {
    super("seed_oss", new DecoderConfig.Defaults(524_288, 1e-6, "silu", false, 10_000, 128));
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double outputs = DropoutFields.rate(fields, "residual_dropout", 0.1);
    return DropoutRates.ofAttention(DropoutFields.rate(fields, "attention_dropout", 0.1))
        .withOutputs(outputs, outputs);
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    return new LlamaLike(model, config)
        .attentionBias(
            model.fields().bool("attention_bias", true),
            model.fields().bool("attention_out_bias", false))
        .mlpBias(config.mlpBias())
        .declare();
  }
}

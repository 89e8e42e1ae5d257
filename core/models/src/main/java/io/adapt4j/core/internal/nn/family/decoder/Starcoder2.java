package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import io.adapt4j.core.internal.tensor.op.DropoutRates;

/**
 * StarCoder 2 (Lozhkov et al. 2024): layer norms, an MLP without a gate, biases, an optional
 * sliding window.
 */
public final class Starcoder2 extends BuiltInFamily {

  public Starcoder2() {
    super(
        "starcoder2",
        new DecoderConfig.Defaults(4096, 1e-6, "gelu_pytorch_tanh", true, 10_000),
        "sliding_window");
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double outputs = DropoutFields.rate(fields, "residual_dropout", 0);
    return DropoutFields.ofAttention(fields)
        .withEmbedding(DropoutFields.rate(fields, "embedding_dropout", 0))
        .withOutputs(outputs, outputs);
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    boolean bias = model.fields().bool("use_bias", true);
    int window = SlidingWindow.size(model, 0);
    return new LlamaLike(model, config)
        .attentionBias(bias, bias)
        .mlpBias(bias)
        .plainMlp("c_fc", "c_proj")
        .layerNorms(true, model.fields().positiveNumber("norm_epsilon", 1e-5))
        .window(layer -> window)
        .declare();
  }
}

package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.DropoutFields;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.PartialRotary;
import io.adapt4j.core.internal.tensor.op.DropoutRates;

/**
 * Phi 1, 1.5 and 2 (Gunasekar et al. 2023): attention and MLP in parallel after one layer norm,
 * rotary positions on part of each head, biases everywhere, including the output head.
 */
public final class Phi extends BuiltInFamily {

  public Phi() {
    super("phi", new DecoderConfig.Defaults(2048, 1e-6, "gelu_new", false, 10_000), "qk_layernorm");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(PartialRotary.withDefault(model, 0.5), defaults());
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    double outputs = DropoutFields.rate(fields, "resid_pdrop", 0);
    return DropoutFields.ofAttention(fields)
        .withEmbedding(DropoutFields.rate(fields, "embd_pdrop", 0))
        .withOutputs(outputs, outputs);
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    boolean norms = model.fields().bool("qk_layernorm", false);
    return new LlamaLike(model, config)
        .attentionBias(true, true)
        .mlpBias(true)
        .outputName("dense")
        .plainMlp("fc1", "fc2")
        .layerNorms(true, model.fields().positiveNumber("layer_norm_eps", 1e-5))
        .norms(LlamaLike.NormPlacement.SHARED_BEFORE)
        .queryKeyNorms(norms ? LlamaLike.QueryKeyNorms.PER_HEAD : LlamaLike.QueryKeyNorms.NONE)
        .queryKeyNormNames("q_layernorm", "k_layernorm")
        .finalNorm("final_layernorm")
        .headBias()
        .declare();
  }
}

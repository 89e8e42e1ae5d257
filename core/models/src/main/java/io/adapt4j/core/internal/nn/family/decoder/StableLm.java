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
 * StableLM 2 and 3 (Bellagente et al. 2024): Llama with layer norms and rotary positions on a
 * quarter of each head; attention and MLP in parallel, and norms of each head of queries and keys,
 * if the configuration says so.
 */
public final class StableLm extends BuiltInFamily {

  public StableLm() {
    super(
        "stablelm",
        new DecoderConfig.Defaults(4096, 1e-6, "silu", false, 10_000),
        "use_parallel_residual",
        "qk_layernorm");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(PartialRotary.withDefault(model, 0.25), defaults());
  }

  @Override
  public DropoutRates dropout(ModelConfig model) {
    ConfigReader fields = model.fields();
    return DropoutFields.ofAttention(fields)
        .withOutputs(0, DropoutFields.rate(fields, "hidden_dropout", 0));
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    boolean parallel = model.fields().bool("use_parallel_residual", false);
    double epsilon = model.fields().positiveNumber("layer_norm_eps", 1e-5);
    LlamaLike like =
        new LlamaLike(model, config)
            .attentionBias(model.fields().bool("use_qkv_bias", false), false)
            .layerNorms(true, epsilon)
            .norms(
                parallel ? LlamaLike.NormPlacement.SHARED_BEFORE : LlamaLike.NormPlacement.BEFORE);
    if (model.fields().bool("qk_layernorm", false)) {
      like.queryKeyNormNames("q_layernorm.norms", "k_layernorm.norms")
          .queryKeyNorms(LlamaLike.QueryKeyNorms.OWN_TENSORS);
    }
    return like.declare();
  }
}

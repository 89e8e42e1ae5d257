package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;

/** OLMoE (Muennighoff et al. 2024): a mixture of many small experts in every layer. */
public final class Olmoe extends BuiltInFamily {

  public Olmoe() {
    super(
        "olmoe",
        new DecoderConfig.Defaults(4096, 1e-5, "silu", false, 10_000),
        "num_experts",
        "num_experts_per_tok");
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    boolean normalized = model.fields().bool("norm_topk_prob", false);
    Experts experts = Experts.read(model, "intermediate_size", "num_experts", normalized, 0.01);
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .queryKeyNorms(LlamaLike.QueryKeyNorms.FULL_WIDTH)
        .mlps((path, layer) -> experts.declare(path + ".mlp", null))
        .declare();
  }
}

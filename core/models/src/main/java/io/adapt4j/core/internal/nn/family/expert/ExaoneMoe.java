package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.decoder.Exaone4;

/**
 * K-EXAONE (LG AI Research 2026): EXAONE 4 with norms before each branch, and mixtures with sigmoid
 * routing after some dense layers.
 */
public final class ExaoneMoe extends BuiltInFamily {

  private static final String EXPERTS = "num_experts";

  public ExaoneMoe() {
    super(
        "exaone_moe",
        new DecoderConfig.Defaults(2048, 1e-5, "silu", false, 10_000),
        "sliding_window",
        "layer_types",
        "moe_intermediate_size",
        EXPERTS,
        "num_experts_per_tok");
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    DecoderConfig config = dimensions(model);
    // With stacked experts, names are those in memory.
    String correction = (model.hasStackedExperts() ? "gate." : "") + "e_score_correction_bias";
    Experts experts =
        SigmoidRouted.experts(model, EXPERTS, 2.5)
            .correction(correction, fields.requirePositiveInt(EXPERTS));
    int first = fields.optionalInt("first_k_dense_replace").orElse(1);
    int shared = fields.positiveInt("num_shared_experts", 1);
    LlamaLike like = Exaone4.like(model, config).unused("mtp\\..*", "");
    return like.mlps(
            (path, layer) ->
                Experts.isSparse(fields, layer, layer >= first)
                    ? experts.declare(path + ".mlp", experts.shared(path + ".mlp", shared))
                    : like.mlp(path + ".mlp"))
        .declare();
  }
}

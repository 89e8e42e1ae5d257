package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.tensor.op.ExpertOps;

/**
 * ERNIE 4.5 with mixtures of experts in most layers (Baidu 2025): experts are chosen by scores with
 * a bias correction, and some experts are shared.
 */
public final class Ernie45Moe extends BuiltInFamily {

  public Ernie45Moe() {
    super(
        "ernie4_5_moe",
        new DecoderConfig.Defaults(131_072, 1e-5, "silu", true, 500_000),
        "moe_intermediate_size",
        "num_experts",
        "num_experts_per_tok");
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    DecoderConfig config = dimensions(model);
    boolean bias = fields.bool("use_bias", false);
    int chosen = Experts.chosen(model, "moe_k", "moe_num_experts");
    Experts experts =
        Experts.read(
                model,
                "moe_intermediate_size",
                "moe_num_experts",
                ExpertOps.Rule.softmax(chosen, true),
                0.001)
            .bias(bias)
            .correction(
                // With stacked experts, names are those of Transformers 5.
                (model.hasStackedExperts() ? "gate." : "") + "moe_statics.e_score_correction_bias",
                1,
                fields.requirePositiveInt("moe_num_experts"));
    int shared = fields.optionalInt("moe_num_shared_experts").orElse(2);
    LlamaLike like = new LlamaLike(model, config);
    return like.attentionBias(bias, bias)
        .mlpBias(bias)
        .rotatedInPairs()
        .mlps(
            (path, layer) ->
                Experts.isSparse(fields, layer, isSparse(fields, layer))
                    ? experts.declare(path + ".mlp", experts.shared(path + ".mlp", shared))
                    : like.mlp(path + ".mlp"))
        .declare();
  }

  private static boolean isSparse(ConfigReader fields, int layer) {
    int first = fields.optionalInt("moe_layer_start_index").orElse(1);
    int last = fields.optionalInt("moe_layer_end_index").orElse(-1);
    int interval = fields.positiveInt("moe_layer_interval", 1);
    return (layer + 1) % interval == 0 && layer >= first && (last == -1 || layer <= last);
  }
}

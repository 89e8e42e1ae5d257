package io.adapt4j.core.internal.nn.family.expert;

import com.fasterxml.jackson.databind.node.DoubleNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import java.util.OptionalInt;

/**
 * MiniMax M2 (MiniMax 2025): mixtures with sigmoid routing, norms of queries and keys over all
 * heads together, rotary positions on part of each head.
 */
public final class MiniMaxM2 extends BuiltInFamily {

  /** Rotated width of a head in the model's own files; Transformers has a factor. */
  private static final String ROTATED = "rotary_dim";

  private static final String LAYER_KINDS = "attn_type_list";
  private static final String EXPERTS = "num_local_experts";

  public MiniMaxM2() {
    super(
        "minimax_m2",
        new DecoderConfig.Defaults(196_608, 1e-6, "silu", false, 5_000_000, OptionalInt.of(128)),
        EXPERTS,
        "num_experts",
        "num_experts_per_tok",
        "use_qk_norm");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(withRotatedShare(model), defaults());
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    DecoderConfig config = dimensions(model);
    if (fields.has(LAYER_KINDS)
        && fields.integers(LAYER_KINDS).stream().anyMatch(kind -> kind != 1)) {
      throw fields.invalid(LAYER_KINDS, "1 in every place", "Other attention is not supported.");
    }
    int chosen = Experts.chosen(model, "num_experts_per_tok", EXPERTS);
    Experts experts =
        Experts.read(
                model,
                "intermediate_size",
                EXPERTS,
                ExpertOps.Rule.sigmoid(chosen, true, 0, 1),
                0.001)
            .names("w1", "w3", "w2")
            .correction("e_score_correction_bias", fields.requirePositiveInt(EXPERTS));
    // Transformers 5 uses the same module name as in other families.
    String module = model.hasStackedExperts() ? ".mlp" : ".block_sparse_moe";
    return new LlamaLike(model, config)
        .queryKeyNorms(LlamaLike.QueryKeyNorms.FULL_WIDTH)
        .mlps((path, layer) -> experts.declare(path + module, null))
        .declare();
  }

  private static ModelConfig withRotatedShare(ModelConfig model) {
    ConfigReader fields = model.fields();
    return fields.has(ROTATED)
        ? model.with(
            "partial_rotary_factor",
            DoubleNode.valueOf(
                (double) fields.requirePositiveInt(ROTATED) / fields.positiveInt("head_dim", 128)))
        : model;
  }
}

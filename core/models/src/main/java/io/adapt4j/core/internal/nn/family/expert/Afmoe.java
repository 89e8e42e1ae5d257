package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import java.util.List;

/**
 * Trinity (Arcee AI 2025): gated attention, with a sliding window and rotary positions in most
 * layers and neither in the others; norms around each branch; mixtures with sigmoid routing after
 * some dense layers.
 */
public final class Afmoe extends BuiltInFamily {

  private static final String EXPERTS = "num_experts";

  public Afmoe() {
    super(
        "afmoe",
        new DecoderConfig.Defaults(16_384, 1e-5, "silu", false, 10_000, 128),
        "sliding_window",
        "layer_types",
        "global_attn_every_n_layers",
        "moe_intermediate_size",
        EXPERTS,
        "num_experts_per_tok");
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    DecoderConfig config = dimensions(model);
    int window = SlidingWindow.size(model, 1024);
    int every = fields.positiveInt("global_attn_every_n_layers", 4);
    List<Boolean> slides =
        LayerTypes.sliding(model, config.layers(), layer -> (layer + 1) % every != 0);
    boolean scaled = fields.bool("mup_enabled", false);
    int dense = fields.optionalInt("num_dense_layers").orElse(1);
    Experts experts = experts(model);
    int shared = fields.optionalInt("num_shared_experts").orElse(2);
    LlamaLike like =
        new LlamaLike(model, config)
            .norms(LlamaLike.NormPlacement.BEFORE_AND_AFTER)
            .normNames(
                new LlamaLike.NormNames(
                    "input_layernorm",
                    "post_attention_layernorm",
                    "pre_mlp_layernorm",
                    "post_mlp_layernorm"))
            .queryKeyNorms(LlamaLike.QueryKeyNorms.PER_HEAD)
            .gatedAttention("gate_proj")
            .embeddingScale(
                scaled
                    ? new Embeddings.Scale(Math.sqrt(config.hiddenSize()), false)
                    : Embeddings.Scale.NONE)
            .window(LayerTypes.windows(model, slides, window))
            .rotary(
                List.of(RotaryFrequencies.of(config)),
                layer -> slides.get(layer) ? 0 : Attention.NO_ROTARY);
    return like.mlps(
            (path, layer) ->
                layer < dense ? like.mlp(path + ".mlp") : mixture(experts, path + ".mlp", shared))
        .declare();
  }

  private static Mlp mixture(Experts experts, String path, int shared) {
    return experts.declare(path, path + ".router.gate", experts.shared(path, shared));
  }

  private static Experts experts(ModelConfig model) {
    ConfigReader fields = model.fields();
    int chosen = Experts.chosen(model, "num_experts_per_tok", EXPERTS);
    ExpertOps.Rule rule =
        ExpertOps.Rule.sigmoid(chosen, true, 0, fields.positiveNumber("route_scale", 1));
    return Experts.read(model, "moe_intermediate_size", EXPERTS, rule, 0)
        .correction("expert_bias", fields.requirePositiveInt(EXPERTS));
  }
}

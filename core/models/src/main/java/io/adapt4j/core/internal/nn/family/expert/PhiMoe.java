package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import java.util.List;

/**
 * Phi-3.5-MoE, Phi mini-MoE and tiny-MoE (Microsoft 2024, 2025): Mixtral with layer norms, whose
 * two experts are chosen and weighted one after the other. Training uses the router of inference:
 * without the reference's random choice of experts.
 */
public final class PhiMoe extends BuiltInFamily {

  private static final String EXPERTS = "num_local_experts";
  private static final String CHOSEN = "num_experts_per_tok";

  public PhiMoe() {
    super(
        "phimoe",
        new DecoderConfig.Defaults(131_072, 1e-5, "silu", false, 1_000_000),
        "sliding_window",
        EXPERTS,
        CHOSEN,
        "router_jitter_noise");
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    DecoderConfig config = dimensions(model);
    int window = SlidingWindow.size(model, 0);
    int chosen = Experts.chosen(model, CHOSEN, EXPERTS);
    if (chosen != 2) {
      throw fields.invalid(CHOSEN, "2", "The family's router chooses two experts.");
    }
    double noise = fields.optionalNumber("router_jitter_noise").orElse(0.01);
    ExpertOps.Rule rule = ExpertOps.Rule.oneByOne(chosen, 2 * noise);
    Experts experts =
        Experts.read(model, "intermediate_size", EXPERTS, rule, 0.001).names("w1", "w3", "w2");
    boolean stacked = model.hasStackedExperts();
    LlamaLike like =
        new LlamaLike(model, config)
            .layerNorms(true, config.rmsNormEps())
            .attentionBias(config.attentionBias(), config.attentionBias())
            .window(layer -> window)
            .rotary(List.of(rotary(fields, config)), layer -> 0)
            .mlps(
                (path, layer) ->
                    stacked
                        // Names in memory.
                        ? experts.declare(path + ".mlp", path + ".mlp.router", null)
                        : experts.declare(path + ".block_sparse_moe", null));
    return fields.bool("lm_head_bias", false) ? like.headBias().declare() : like.declare();
  }

  /** Returns the rotary frequencies, whose factors the configuration states. */
  private static RotaryFrequencies rotary(ConfigReader fields, DecoderConfig config) {
    if (config.ropeScaling() instanceof RopeScaling.Default) {
      return RotaryFrequencies.of(config);
    }
    String field = fields.has("rope_scaling") ? "rope_scaling" : "rope_parameters";
    if (!(config.ropeScaling() instanceof RopeScaling.LongRope longRope)) {
      throw fields.invalid(field, "longrope or none", "No others are known.");
    }
    ConfigReader stated = fields.child(field).orElseThrow();
    return RotaryFrequencies.of(
        config.ropeTheta(),
        config.rotaryDim(),
        config.maxPositionEmbeddings(),
        longRope.withAttentionFactors(
            stated.requirePositiveNumber("short_mscale"),
            stated.requirePositiveNumber("long_mscale")));
  }
}

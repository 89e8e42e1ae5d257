package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import java.util.List;

/**
 * gpt-oss (OpenAI 2025): a mixture of experts in every layer, a sliding window in every second one,
 * and attention sinks.
 */
public final class GptOss extends BuiltInFamily {

  /** Slope of the gate. */
  static final double ALPHA = 1.702;

  /** Default limit of the inner activations. */
  static final double LIMIT = 7;

  public GptOss() {
    super(
        "gpt_oss",
        new DecoderConfig.Defaults(131_072, 1e-5, "silu", false, 150_000, 64),
        "sliding_window",
        "layer_types",
        "num_local_experts",
        "num_experts_per_tok",
        "num_experts");
  }

  /** Returns the family of the privacy filter, which has the same layers. */
  public static Architecture privacyFilter() {
    return new PrivacyFilter();
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    ConfigReader fields = model.fields();
    boolean bias = fields.bool("attention_bias", true);
    int window = SlidingWindow.size(model, 128);
    List<Boolean> slides =
        LayerTypes.sliding(model, config.layers(), layer -> window > 0 && layer % 2 == 0);
    double limit = fields.positiveNumber("swiglu_limit", LIMIT);
    Experts experts = Experts.read(model, "intermediate_size", "num_local_experts", true, 0.9);
    return new LlamaLike(model, config)
        .attentionBias(bias, bias)
        .sinks()
        .window(LayerTypes.windows(model, slides, window))
        .mlps(
            (path, layer) ->
                experts.declare(
                    path + ".mlp",
                    path + ".mlp.router",
                    true,
                    expert -> experts.clamped(path + ".mlp.experts", expert, ALPHA, limit, false),
                    null))
        .declare();
  }
}

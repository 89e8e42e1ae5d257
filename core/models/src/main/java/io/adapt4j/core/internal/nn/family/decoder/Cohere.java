package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import java.util.List;
import java.util.Set;

/**
 * Command R (Cohere 2024): attention and MLP in parallel after one layer norm without a bias,
 * rotary positions on adjacent pairs, scaled logits; the second generation with a sliding window in
 * three of four layers and no rotary positions in the others.
 */
public final class Cohere extends BuiltInFamily {

  /** Field that selects rotary positions on adjacent pairs. */
  private static final String ROTARY = "rope_gptj";

  private static final String POSITIONS = "position_embedding_type";

  public Cohere() {
    super(
        Set.of("cohere", "cohere2"),
        new DecoderConfig.Defaults(8192, 1e-6, "silu", true, 10_000),
        "logit_scale",
        "sliding_window",
        "layer_types",
        "use_qk_norm",
        POSITIONS);
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    if (!model.fields().optionalText(POSITIONS).orElse(ROTARY).equals(ROTARY)) {
      throw model.fields().invalid(POSITIONS, ROTARY, "Other positions are not supported.");
    }
    double epsilon = model.fields().positiveNumber("layer_norm_eps", 1e-5);
    LlamaLike like =
        new LlamaLike(model, config)
            .attentionBias(config.attentionBias(), config.attentionBias())
            .layerNorms(false, epsilon)
            .norms(LlamaLike.NormPlacement.SHARED_BEFORE)
            .rotatedInPairs()
            .logitScale(model.fields().positiveNumber("logit_scale", 0.0625));
    boolean normalizes =
        model.modelType().equals("cohere") && model.fields().bool("use_qk_norm", false);
    if (normalizes) {
      like.queryKeyNorms(LlamaLike.QueryKeyNorms.OWN_WEIGHTS);
    }
    return model.modelType().equals("cohere") ? like.declare() : alternating(like, model, config);
  }

  private static Network alternating(LlamaLike like, ModelConfig model, DecoderConfig config) {
    int window = SlidingWindow.size(model, 4096);
    // The class reads the name used in published files and writes the other one.
    int pattern =
        model
            .fields()
            .positiveInt(
                "sliding_window_pattern", model.fields().positiveInt("_sliding_window_pattern", 4));
    List<Boolean> slides =
        LayerTypes.sliding(model, config.layers(), layer -> (layer + 1) % pattern != 0);
    return like.window(LayerTypes.windows(model, slides, window))
        .rotary(
            List.of(RotaryFrequencies.of(config)),
            layer -> slides.get(layer) ? 0 : Attention.NO_ROTARY)
        .declare();
  }
}

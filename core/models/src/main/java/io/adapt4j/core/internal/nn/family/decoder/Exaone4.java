package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.ConfigReader;
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

/**
 * EXAONE 4 (LG AI Research 2025): norms after each branch and on each query and key head; in the
 * larger models, three of four layers have a sliding window and rotary positions, the others
 * neither.
 */
public final class Exaone4 extends BuiltInFamily {

  private static final String PATTERN = "sliding_window_pattern";

  public Exaone4() {
    super(
        "exaone4",
        new DecoderConfig.Defaults(2048, 1e-5, "silu", false, 10_000),
        "sliding_window",
        "layer_types");
  }

  @Override
  public Network declare(ModelConfig model) {
    return like(model, dimensions(model)).norms(LlamaLike.NormPlacement.AFTER).declare();
  }

  /** Returns the family's attention in a decoder with norms before each branch. */
  public static LlamaLike like(ModelConfig model, DecoderConfig config) {
    int window = SlidingWindow.size(model, 4096);
    // Files without a window may state 0.
    int pattern = window == 0 ? 1 : pattern(model.fields());
    List<Boolean> slides =
        LayerTypes.sliding(
            model, config.layers(), layer -> window > 0 && (layer + 1) % pattern != 0);
    return new LlamaLike(model, config)
        .queryKeyNorms(LlamaLike.QueryKeyNorms.PER_HEAD)
        .window(LayerTypes.windows(model, slides, window))
        .rotary(
            List.of(RotaryFrequencies.of(config)),
            layer -> window == 0 || slides.get(layer) ? 0 : Attention.NO_ROTARY);
  }

  /**
   * Returns the interval of full-attention layers: a number, or a pattern of local and global
   * layers such as LLLG.
   */
  private static int pattern(ConfigReader fields) {
    if (!fields.has(PATTERN) || !fields.json().path(PATTERN).isTextual()) {
      return fields.positiveInt(PATTERN, 4);
    }
    String letters = fields.requireText(PATTERN);
    if (!letters.matches("L*G")) {
      throw fields.invalid(PATTERN, "a number, or letters L before one G", "State layer_types.");
    }
    return letters.length();
  }
}

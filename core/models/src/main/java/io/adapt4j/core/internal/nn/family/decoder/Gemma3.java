package io.adapt4j.core.internal.nn.family.decoder;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import io.adapt4j.core.internal.nn.family.common.UnreadFeatures;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Gemma 3, text model only (Gemma Team 2025): Gemma 2 with norms on each query and key head instead
 * of the soft cap on scores, five local layers per global one, and separate rotary frequencies for
 * the local layers. EmbeddingGemma has bidirectional attention.
 */
public final class Gemma3 extends BuiltInFamily {

  private static final String WHOLE = "gemma3";

  /** Tensors of the vision tower and its projector. */
  private static final String OTHERS = "(model\\.)?(vision_tower|multi_modal_projector)\\..*";

  /** Default sizes of the class, which files of multimodal models omit. */
  private static final Map<String, Integer> SIZES =
      Map.of(
          "vocab_size", 262_208,
          "hidden_size", 2304,
          "intermediate_size", 9216,
          "num_hidden_layers", 26,
          "num_attention_heads", 8,
          "num_key_value_heads", 4);

  public Gemma3() {
    super(
        Set.of("gemma3_text", WHOLE),
        new DecoderConfig.Defaults(131_072, 1e-6, "gelu_pytorch_tanh", true, 1_000_000, 256),
        "sliding_window",
        "layer_types",
        "query_pre_attn_scalar",
        "final_logit_softcapping",
        "rope_local_base_freq",
        "use_bidirectional_attention");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(model, defaults(), Optional.of(LayerTypes.FULL));
  }

  @Override
  public Network declare(ModelConfig model) {
    if (!model.modelType().equals(WHOLE)) {
      return like(model, model).declare();
    }
    ModelConfig text = model.text();
    for (Map.Entry<String, Integer> size : SIZES.entrySet()) {
      if (!text.fields().has(size.getKey())) {
        text = text.with(size.getKey(), IntNode.valueOf(size.getValue()));
      }
    }
    UnreadFeatures.refuse(text, features());
    return like(model, text).root("model.language_model").unused(OTHERS, OTHERS).declare();
  }

  private LlamaLike like(ModelConfig whole, ModelConfig model) {
    DecoderConfig config = dimensions(model);
    int window = SlidingWindow.size(model, 4096);
    int pattern = model.fields().positiveInt("sliding_window_pattern", 6);
    List<Boolean> slides =
        LayerTypes.sliding(model, config.layers(), layer -> (layer + 1) % pattern != 0);
    boolean bothWays = model.fields().bool("use_bidirectional_attention", false);
    LlamaLike gemma = Gemma2.gemma(whole, model, config);
    return (bothWays ? gemma.bothWays() : gemma)
        .queryKeyNorms(LlamaLike.QueryKeyNorms.PER_HEAD)
        .logitSoftCap(Gemma2.softCap(model, "final_logit_softcapping", 0))
        // With bidirectional attention, the window covers both sides: half of it each, and the
        // token itself.
        .window(LayerTypes.windows(model, slides, bothWays ? window / 2 : window))
        .rotary(
            List.of(RotaryFrequencies.of(config), local(model, config)),
            layer -> slides.get(layer) ? 1 : 0);
  }

  /** Returns the rotary frequencies of sliding-window layers. */
  static RotaryFrequencies local(ModelConfig model, DecoderConfig config) {
    double theta = model.fields().positiveNumber("rope_local_base_freq", 10_000);
    return LayerTypes.rotary(model, config, LayerTypes.SLIDING)
        .orElseGet(
            () ->
                RotaryFrequencies.of(
                    theta,
                    config.rotaryDim(),
                    config.maxPositionEmbeddings(),
                    new RopeScaling.Default()));
  }
}

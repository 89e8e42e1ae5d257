package io.adapt4j.core.internal.nn.family.decoder;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import io.adapt4j.core.internal.nn.family.common.UnreadFeatures;
import java.util.Optional;
import java.util.Set;

/**
 * Ministral 3 (Mistral AI 2025), and the text model of Mistral 3: Mistral with YaRN and a query
 * scale that grows beyond the original context.
 */
public final class Ministral3 extends BuiltInFamily {

  private static final String WHOLE = "mistral3";

  /** Tensors of the vision tower and its projector. */
  private static final String OTHERS = "(model\\.)?(vision_tower|multi_modal_projector)\\..*";

  public Ministral3() {
    super(
        Set.of("ministral3", WHOLE),
        new DecoderConfig.Defaults(262_144, 1e-5, "silu", false, 1_000_000, 128),
        "sliding_window");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig text) {
    return DecoderConfig.from(withScaling(text), defaults());
  }

  @Override
  public Network declare(ModelConfig model) {
    boolean whole = model.modelType().equals(WHOLE);
    ModelConfig text = whole ? model.text() : model;
    UnreadFeatures.refuse(text, features());
    boolean plain = whole && text.modelType().equals("mistral");
    if (whole && !plain && !text.modelType().equals("ministral3")) {
      throw text.fields().invalid("model_type", "ministral3 or mistral", "No others are known.");
    }
    ModelConfig scaled = plain ? text : withScaling(text);
    DecoderConfig config = plain ? new Mistral().dimensions(text) : dimensions(text);
    int window = SlidingWindow.size(text, plain ? Mistral.WINDOW : 0);
    LlamaLike like = new LlamaLike(model, config).window(layer -> window).unused(OTHERS, OTHERS);
    temperature(scaled)
        .map(RotaryFrequencies.of(config)::withTemperature)
        .ifPresent(like::queryRotary);
    return whole ? like.root("model.language_model").declare() : like.declare();
  }

  private static Optional<RotaryFrequencies.Temperature> temperature(ModelConfig text) {
    ConfigReader fields = text.fields();
    return fields
        .child("rope_parameters")
        .or(() -> fields.child("rope_scaling"))
        .filter(rope -> rope.has("llama_4_scaling_beta"))
        .map(
            rope ->
                new RotaryFrequencies.Temperature(
                    rope.positiveNumber("llama_4_scaling_beta", 0.1),
                    rope.requirePositiveInt("original_max_position_embeddings")));
  }

  /** Adds the class's default scaling if a file states none. */
  public static ModelConfig withScaling(ModelConfig text) {
    if (text.fields().has("rope_parameters") || text.fields().has("rope_scaling")) {
      return text;
    }
    ObjectNode scaling = JsonNodeFactory.instance.objectNode();
    scaling.put("rope_type", "yarn").put("rope_theta", 1_000_000.0).put("factor", 16.0);
    scaling.put("original_max_position_embeddings", 16_384);
    scaling.put("beta_fast", 32.0).put("beta_slow", 1.0);
    scaling.put("mscale", 1.0).put("mscale_all_dim", 1.0).put("llama_4_scaling_beta", 0.1);
    return text.with("rope_parameters", scaling);
  }
}

package io.adapt4j.core.internal.nn.family.decoder;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.mlp.XieluMlp;
import io.adapt4j.core.internal.tensor.tape.Parameter;

/**
 * Apertus (Swiss AI Initiative 2025): Llama with norms on each query and key head, and MLPs without
 * a gate and with a learned activation.
 */
public final class Apertus extends BuiltInFamily {

  private static final String LEARNED = "xielu";

  /** Constants of the activation, stored next to its parameters. */
  private static final String CONSTANTS = ".*\\.act_fn\\.(beta|eps)";

  public Apertus() {
    super(
        "apertus", new DecoderConfig.Defaults(65_536, 1e-5, LEARNED, false, 12_000_000), "qk_norm");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(withScaling(model), defaults());
  }

  /** Includes {@code qk_norm} of published files, which states what the family always does. */
  @Override
  public Network declare(ModelConfig model) {
    if (!model.fields().bool("qk_norm", true)) {
      throw model.fields().invalid("qk_norm", "true", "Models without these norms are not known.");
    }
    String activation = model.fields().optionalText("hidden_act").orElse(LEARNED);
    boolean learned = activation.equals(LEARNED);
    DecoderConfig config = dimensions(model);
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .queryKeyNorms(LlamaLike.QueryKeyNorms.PER_HEAD)
        .normNames(new LlamaLike.NormNames("attention_layernorm", "", "feedforward_layernorm", ""))
        .unused(CONSTANTS, CONSTANTS)
        .mlps((path, layer) -> mlp(model, config, path + ".mlp", learned))
        .declare();
  }

  private static Mlp mlp(ModelConfig model, DecoderConfig config, String path, boolean learned) {
    long hidden = config.hiddenSize();
    long inner = config.intermediateSize();
    LinearSlot up = LinearSlot.of(path + ".up_proj", hidden, false, inner);
    LinearSlot down = LinearSlot.of(path + ".down_proj", inner, false, hidden);
    return learned
        ? new XieluMlp(
            up,
            down,
            Parameter.of(path + ".act_fn.alpha_p", 1),
            Parameter.of(path + ".act_fn.alpha_n", 1))
        : new PlainMlp(up, down, Activations.read(model, "hidden_act", LEARNED));
  }

  /** Adds the class's default scaling if a file states none. */
  private static ModelConfig withScaling(ModelConfig model) {
    if (model.toJson().has("rope_scaling") || model.fields().has("rope_parameters")) {
      return model;
    }
    ObjectNode scaling = JsonNodeFactory.instance.objectNode();
    scaling.put("rope_type", "llama3").put("factor", 8.0);
    scaling.put("original_max_position_embeddings", 8192);
    scaling.put("low_freq_factor", 1.0).put("high_freq_factor", 4.0);
    return model.with("rope_scaling", scaling);
  }
}

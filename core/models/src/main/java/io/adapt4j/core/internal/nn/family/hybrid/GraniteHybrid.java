package io.adapt4j.core.internal.nn.family.hybrid;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.decoder.Granite;
import io.adapt4j.core.internal.nn.family.expert.GraniteMoe;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * Granite 4 (IBM 2025): state space layers, attention in some layers or all, and a shared MLP, with
 * or without a mixture of experts.
 */
public final class GraniteHybrid extends BuiltInFamily {

  public GraniteHybrid() {
    super(
        "granitemoehybrid",
        "embedding_multiplier",
        "attention_multiplier",
        "residual_multiplier",
        "logits_scaling",
        "num_local_experts",
        "num_experts_per_tok",
        "position_embedding_type",
        "layer_types");
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    DecoderConfig config = dimensions(model);
    List<String> types = types(fields, config.layers());
    LlamaLike like = Granite.scaled(new LlamaLike(model, config), model);
    if (!isRotated(fields)) {
      like.rotary(List.of(), layer -> Attention.NO_ROTARY);
    }
    if (types.contains(LayerTypes.STATE_SPACE)) {
      Mamba2 mamba = Mamba2.read(fields, config);
      like.mixers(
          (path, layer) ->
              types.get(layer).equals(LayerTypes.STATE_SPACE)
                  ? mamba.declare(path + ".mamba")
                  : null);
    }
    return like.attentionBias(config.attentionBias(), config.attentionBias())
        .mlps(mlps(model))
        .declare();
  }

  private static LlamaLike.MlpKind mlps(ModelConfig model) {
    ConfigReader fields = model.fields();
    int shared = fields.positiveInt("shared_intermediate_size", 1024);
    boolean sparse = fields.optionalInt("num_local_experts").orElse(8) > 0;
    if (sparse) {
      Experts experts = Experts.read(model, "intermediate_size", "num_local_experts", true, 0.001);
      return (path, layer) -> GraniteMoe.mixture(experts, path, shared);
    }
    return (path, layer) -> sharedMlp(model, path + ".shared_mlp", shared);
  }

  private static Mlp sharedMlp(ModelConfig model, String path, int width) {
    return Experts.fused(model, path + ".input_linear", path + ".output_linear", width);
  }

  /** Returns the type of each layer: full attention, or a state space. */
  public static List<String> types(ConfigReader fields, int layers) {
    List<String> types = LayerTypes.mixers(fields, layers);
    return types.isEmpty() ? Collections.nCopies(layers, LayerTypes.STATE_SPACE) : types;
  }

  private static boolean isRotated(ConfigReader fields) {
    String type = fields.optionalText("position_embedding_type").orElse("nope");
    if (!Set.of("rope", "nope").contains(type)) {
      throw fields.invalid(
          "position_embedding_type", "rope, nope or null", "Other positions are not supported.");
    }
    return type.equals("rope");
  }
}

package io.adapt4j.core.internal.nn.family.hybrid;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.PartialRotary;
import java.util.List;
import java.util.stream.IntStream;

/** Bamba (IBM, Princeton and UIUC 2024): state space layers, with attention in some layers. */
public final class Bamba extends BuiltInFamily {

  public Bamba() {
    super("bamba", new DecoderConfig.Defaults(262_144, 1e-5, "silu", false, 10_000), "layer_types");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(PartialRotary.withDefault(model, 0.5), defaults());
  }

  @Override
  public Network declare(ModelConfig model) {
    ModelConfig partial = PartialRotary.withDefault(model, 0.5);
    ConfigReader fields = partial.fields();
    DecoderConfig config = dimensions(partial);
    Mamba2 mamba = Mamba2.read(fields, config);
    List<Integer> attending = attending(fields, config.layers());
    LlamaLike like = new LlamaLike(partial, config);
    return like.attentionBias(config.attentionBias(), config.attentionBias())
        .mlpBias(config.mlpBias())
        .normNames(new LlamaLike.NormNames("input_layernorm", "", "pre_ff_layernorm", ""))
        .finalNorm("final_layernorm")
        .mixers((path, layer) -> attending.contains(layer) ? null : mamba.declare(path + ".mamba"))
        .mlps((path, layer) -> like.mlp(path + ".feed_forward"))
        .declare();
  }

  /** Returns the attention layers, stated by their indices or by the types of all layers. */
  public static List<Integer> attending(ConfigReader fields, int layers) {
    List<String> types = LayerTypes.mixers(fields, layers);
    return types.isEmpty()
        ? fields.integers("attn_layer_indices")
        : IntStream.range(0, layers)
            .filter(layer -> types.get(layer).equals(LayerTypes.FULL))
            .boxed()
            .toList();
  }
}

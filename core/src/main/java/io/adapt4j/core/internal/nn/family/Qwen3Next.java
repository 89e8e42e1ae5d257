package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Qwen3-Next, a mixture of experts, and the text model of the dense Qwen 3.5 (Qwen 2025, 2026):
 * gated linear attention, and in some layers full attention with a gate.
 */
final class Qwen3Next implements Architecture {

  private static final String LINEAR = "linear_attention";

  private static final DecoderConfig.Defaults DEFAULTS =
      new DecoderConfig.Defaults(32_768, 1e-6, "silu", false, 10_000, OptionalInt.of(256));

  @Override
  public Set<String> modelTypes() {
    return Set.of("qwen3_next", "qwen3_5_text", "qwen3_5");
  }

  @Override
  public Set<String> features() {
    return Set.of(
        "layer_types", "num_experts", "num_experts_per_tok", "moe_intermediate_size");
  }

  @Override
  public Network declare(ModelConfig model) {
    return switch (model.modelType()) {
      case "qwen3_next" -> {
        LlamaLike like = like(model, model, true);
        yield like.mlps(QwenMoe.mlps(model, like, true, true)).declare();
      }
      case "qwen3_5" -> {
        ModelConfig text = model.text();
        UnreadFeatures.refuse(text, Set.of("layer_types"));
        yield like(model, text, false)
            .root("model.language_model")
            .unused("model\\.visual\\..*|mtp\\..*", "model\\.visual\\..*|mtp\\..*")
            .declare();
      }
      default -> like(model, model, false).declare();
    };
  }

  private static LlamaLike like(ModelConfig model, ModelConfig text, boolean byGroup) {
    ModelConfig partial = PartialRotary.withDefault(text, 0.25);
    ConfigReader fields = partial.fields();
    DecoderConfig config = DecoderConfig.from(partial, DEFAULTS);
    List<String> types = types(fields, config.layers());
    GatedDeltaNet linear = GatedDeltaNet.read(fields, config, byGroup);
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .normOffset(1)
        .queryKeyNorms(LlamaLike.QueryKeyNorms.PER_HEAD)
        .gatedAttention()
        .unused("mtp\\..*", "mtp\\..*")
        .mixers(
            (path, layer) ->
                types.get(layer).equals(LINEAR) ? linear.declare(path + ".linear_attn") : null);
  }

  private static List<String> types(ConfigReader fields, int layers) {
    List<String> types = fields.texts("layer_types");
    if (types.isEmpty()) {
      int interval = fields.positiveInt("full_attention_interval", 4);
      return IntStream.range(0, layers)
          .mapToObj(layer -> (layer + 1) % interval == 0 ? LayerTypes.FULL : LINEAR)
          .toList();
    }
    return LayerTypes.known(fields, types, layers, Set.of(LayerTypes.FULL, LINEAR));
  }
}

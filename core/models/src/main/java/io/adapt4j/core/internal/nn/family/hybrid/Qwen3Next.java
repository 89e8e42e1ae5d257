package io.adapt4j.core.internal.nn.family.hybrid;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.PartialRotary;
import io.adapt4j.core.internal.nn.family.common.UnreadFeatures;
import io.adapt4j.core.internal.nn.family.expert.QwenMoe;
import io.adapt4j.core.internal.nn.next.NextTokenLayer;
import io.adapt4j.core.internal.nn.next.NextTokenNames;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Qwen3-Next, a mixture of experts, and the text models of Qwen 3.5, dense or mixtures (Qwen 2025,
 * 2026): gated linear attention, with gated full attention in some layers.
 */
public final class Qwen3Next extends BuiltInFamily {

  private static final String LINEAR = "linear_attention";

  /** Tensors of the vision tower and of multi-token prediction. */
  private static final String OTHERS = "model\\.visual\\..*|mtp\\..*";

  public Qwen3Next() {
    super(
        Set.of("qwen3_next", "qwen3_5_text", "qwen3_5", "qwen3_5_moe_text", "qwen3_5_moe"),
        new DecoderConfig.Defaults(32_768, 1e-6, "silu", false, 10_000, 256),
        "layer_types",
        "num_experts",
        "num_experts_per_tok",
        "moe_intermediate_size");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig text) {
    return DecoderConfig.from(PartialRotary.withDefault(withWidth(text), 0.25), defaults());
  }

  @Override
  public Network declare(ModelConfig model) {
    return like(model).declare();
  }

  /** Its attention is full, and no configuration says whether it is stored. */
  @Override
  public Optional<NextTokenLayer> nextTokenLayer(ModelConfig model) {
    LlamaLike like = like(model).mixers((path, layer) -> null);
    return Optional.of(like.nextTokenLayer(NextTokenNames.beside("mtp"), "mtp.layers.0", 0, true));
  }

  private LlamaLike like(ModelConfig model) {
    boolean next = model.modelType().equals("qwen3_next");
    boolean whole = model.modelType().equals("qwen3_5") || model.modelType().equals("qwen3_5_moe");
    ModelConfig text = whole ? model.text() : model;
    UnreadFeatures.refuse(text, features());
    LlamaLike like = like(model, text, next);
    if (next || model.modelType().startsWith("qwen3_5_moe")) {
      like.mlps(QwenMoe.mlps(text, like, true, true));
    }
    if (whole) {
      like.root("model.language_model");
    }
    return like;
  }

  private LlamaLike like(ModelConfig model, ModelConfig text, boolean byGroup) {
    ConfigReader fields = text.fields();
    DecoderConfig config = dimensions(text);
    List<String> types = types(fields, config.layers());
    GatedDeltaNet linear = GatedDeltaNet.read(fields, config, byGroup);
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .normOffset(1)
        .queryKeyNorms(LlamaLike.QueryKeyNorms.PER_HEAD)
        .gatedAttention("")
        .unused(OTHERS, OTHERS)
        .mixers(
            (path, layer) ->
                types.get(layer).equals(LINEAR) ? linear.declare(path + ".linear_attn") : null);
  }

  /** Adds a width of dense MLPs, which models without dense layers do not state. */
  private static ModelConfig withWidth(ModelConfig text) {
    String width = "intermediate_size";
    JsonNode ofExperts = text.toJson().get("moe_intermediate_size");
    return text.fields().has(width) || ofExperts == null ? text : text.with(width, ofExperts);
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

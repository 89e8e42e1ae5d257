package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.UnreadFeatures;
import io.adapt4j.core.internal.nn.family.decoder.QwenVision;
import java.util.Set;

/**
 * The text models of Qwen 3-VL (Qwen Team 2025) with mixtures of experts: those of Qwen 3, whose
 * files hold the experts' matrices as [in, out].
 */
public final class QwenVisionMoe extends BuiltInFamily {

  public QwenVisionMoe() {
    super(
        Set.of("qwen3_vl_moe", "qwen3_vl_moe_text"),
        new DecoderConfig.Defaults(128_000, 1e-6, "silu", false, 500_000),
        "layer_types",
        "num_experts",
        "num_experts_per_tok",
        "moe_intermediate_size");
  }

  @Override
  public Network declare(ModelConfig model) {
    ModelConfig text = QwenVision.text(model);
    UnreadFeatures.refuse(text, features());
    LlamaLike like = QwenVision.third(model, dimensions(text));
    Experts experts =
        Experts.read(text, "moe_intermediate_size", "num_experts", true, 0.001)
            .turned(text.hasTurnedExperts());
    return QwenVision.declare(model, like.mlps(QwenMoe.mlps(text, like, experts, false)));
  }

  @Override
  public ModelConfig withOwnHead(ModelConfig config) {
    return QwenVision.untied(super.withOwnHead(config));
  }
}

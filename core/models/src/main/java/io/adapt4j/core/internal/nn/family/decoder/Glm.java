package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.PartialRotary;
import io.adapt4j.core.internal.nn.family.common.TextModel;
import java.util.Set;

/**
 * GLM-4 (GLM Team 2024): Llama with gate and up in one matrix, and rotary positions on adjacent
 * pairs in half of each head; GLM-4-0414 also has norms after each branch.
 */
public final class Glm extends BuiltInFamily implements TextModel {

  private static final LlamaLike.NormNames SANDWICH =
      new LlamaLike.NormNames(
          "input_layernorm",
          "post_self_attn_layernorm",
          "post_attention_layernorm",
          "post_mlp_layernorm");

  public Glm() {
    super(
        Set.of("glm", "glm4"),
        new DecoderConfig.Defaults(131_072, 1.5625e-7, "silu", false, 10_000, 128));
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(PartialRotary.withDefault(model, 0.5), defaults());
  }

  @Override
  public Network declare(ModelConfig model) {
    return like(model, model).declare();
  }

  @Override
  public LlamaLike like(ModelConfig whole, ModelConfig model) {
    DecoderConfig config = dimensions(model);
    LlamaLike like =
        new LlamaLike(whole, config)
            .attentionBias(config.attentionBias(), false)
            .fusedGateUp()
            .rotatedInPairs();
    return model.modelType().equals("glm")
        ? like
        : like.norms(LlamaLike.NormPlacement.BEFORE_AND_AFTER).normNames(SANDWICH);
  }
}

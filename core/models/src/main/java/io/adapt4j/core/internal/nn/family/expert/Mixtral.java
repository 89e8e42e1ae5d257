package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;

/** Mixtral (Jiang et al. 2024): Mistral with a mixture of experts in every layer. */
public final class Mixtral extends BuiltInFamily {

  public Mixtral() {
    super(
        "mixtral",
        new DecoderConfig.Defaults(131_072, 1e-5, "silu", false, 1_000_000),
        "sliding_window",
        "num_local_experts",
        "num_experts_per_tok");
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    int window = SlidingWindow.size(model, 0);
    Experts experts =
        Experts.read(model, "intermediate_size", "num_local_experts", true, 0.001)
            .names("w1", "w3", "w2");
    // Transformers 5 uses the same module name as in other families.
    String module = model.hasStackedExperts() ? ".mlp" : ".block_sparse_moe";
    return new LlamaLike(model, config)
        .window(layer -> window)
        .mlps((path, layer) -> experts.declare(path + module, null))
        .declare();
  }
}

package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.decoder.Granite;
import io.adapt4j.core.internal.nn.mlp.ExpertMlp;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import java.util.Set;

/** Granite 3 with a mixture of experts in every layer (IBM 2024), optionally with a shared MLP. */
public final class GraniteMoe extends BuiltInFamily {

  public GraniteMoe() {
    super(
        Set.of("granitemoe", "granitemoeshared"),
        DecoderConfig.Defaults.LLAMA,
        "embedding_multiplier",
        "attention_multiplier",
        "residual_multiplier",
        "logits_scaling",
        "num_local_experts",
        "num_experts_per_tok",
        "position_embedding_type");
  }

  @Override
  public Network declare(ModelConfig model) {
    requireRotary(model);
    DecoderConfig config = dimensions(model);
    Experts experts = Experts.read(model, "intermediate_size", "num_local_experts", true, 0.001);
    int shared =
        model.modelType().equals("granitemoeshared")
            ? model.fields().optionalInt("shared_intermediate_size").orElse(0)
            : 0;
    return Granite.scaled(new LlamaLike(model, config), model)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .mlps((path, layer) -> mixture(experts, path, shared))
        .declare();
  }

  /**
   * Rejects other kinds of positions than rotary ones, the only kind there is, which Transformers 4
   * always states.
   */
  private static void requireRotary(ModelConfig model) {
    String field = "position_embedding_type";
    if (!model.fields().optionalText(field).orElse("rope").equals("rope")) {
      throw model.fields().invalid(field, "rope", "Other positions are not known of this family.");
    }
  }

  /** Declares the mixture of a layer, with a shared MLP if it has a width. */
  public static ExpertMlp mixture(Experts experts, String path, int shared) {
    String module = path + ".block_sparse_moe";
    return experts.declare(
        module,
        module + ".router.layer",
        false,
        expert ->
            experts.fused(
                ExpertStacks.path(module, expert, "input_linear"),
                ExpertStacks.path(module, expert, "output_linear"),
                experts.width()),
        shared == 0 ? null : experts.shared(sharedMlp(experts, path + ".shared_mlp", shared)));
  }

  private static Mlp sharedMlp(Experts experts, String path, int width) {
    return experts.fused(path + ".input_linear", path + ".output_linear", width);
  }
}

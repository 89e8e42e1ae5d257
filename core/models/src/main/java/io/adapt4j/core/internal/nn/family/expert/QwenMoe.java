package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.mlp.ExpertMlp;
import java.util.List;
import java.util.Set;

/**
 * Mixtures of experts of Qwen 1.5 and 2, with a shared expert, and of Qwen 3 (Yang et al. 2024,
 * 2025). Some layers may be dense.
 */
public final class QwenMoe extends BuiltInFamily {

  public QwenMoe() {
    super(
        Set.of("qwen2_moe", "qwen3_moe"),
        new DecoderConfig.Defaults(32_768, 1e-6, "silu", false, 10_000));
  }

  @Override
  public Set<String> features() {
    // A window has an effect only if use_sliding_window is set, which is rejected.
    return Set.of("num_experts", "num_experts_per_tok", "moe_intermediate_size", "sliding_window");
  }

  @Override
  public Network declare(ModelConfig model) {
    DecoderConfig config = dimensions(model);
    boolean third = model.modelType().equals("qwen3_moe");
    LlamaLike like = new LlamaLike(model, config);
    if (third) {
      like.attentionBias(config.attentionBias(), config.attentionBias())
          .queryKeyNorms(LlamaLike.QueryKeyNorms.PER_HEAD);
    } else {
      like.attentionBias(model.fields().bool("qkv_bias", true), false);
    }
    return like.mlps(mlps(model, like, !third, false)).declare();
  }

  /** Returns the MLPs of layers, sparse or dense. */
  public static LlamaLike.MlpKind mlps(
      ModelConfig model, LlamaLike like, boolean shared, boolean normalized) {
    boolean divided = model.fields().bool("norm_topk_prob", normalized);
    return mlps(
        model,
        like,
        Experts.read(model, "moe_intermediate_size", "num_experts", divided, 0.001),
        shared);
  }

  /** Returns the MLPs of layers, dense or with the given experts. */
  public static LlamaLike.MlpKind mlps(
      ModelConfig model, LlamaLike like, Experts experts, boolean shared) {
    return (path, layer) ->
        Experts.isSparse(model.fields(), layer, isSparse(model, layer))
            ? experts.declare(path + ".mlp", shared ? shared(model, experts, path + ".mlp") : null)
            : like.mlp(path + ".mlp");
  }

  private static boolean isSparse(ModelConfig model, int layer) {
    List<Integer> dense = model.fields().integers("mlp_only_layers");
    int step = model.fields().positiveInt("decoder_sparse_step", 1);
    return !dense.contains(layer) && (layer + 1) % step == 0;
  }

  private static ExpertMlp.Shared shared(ModelConfig model, Experts experts, String path) {
    int width = model.fields().requirePositiveInt("shared_expert_intermediate_size");
    return experts.gatedShared(path + ".shared_expert", width, path + ".shared_expert_gate");
  }
}

package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.PartialRotary;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import io.adapt4j.core.internal.nn.next.NextTokenLayer;
import io.adapt4j.core.internal.nn.next.NextTokenNames;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * GLM 4.5 (Zhipu AI 2025) and dots.llm1 (rednote 2025): mixtures with sigmoid routing as in
 * DeepSeek V3, after some dense layers.
 */
public final class SigmoidRouted implements Architecture {

  private final boolean glm;

  private SigmoidRouted(boolean glm) {
    this.glm = glm;
  }

  /** GLM 4.5 to 4.7. */
  public static SigmoidRouted glm4Moe() {
    return new SigmoidRouted(true);
  }

  /** dots.llm1. */
  public static SigmoidRouted dots1() {
    return new SigmoidRouted(false);
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of(glm ? "glm4_moe" : "dots1");
  }

  @Override
  public DecoderConfig.Defaults defaults() {
    return glm
        ? new DecoderConfig.Defaults(131_072, 1e-5, "silu", false, 10_000)
        : new DecoderConfig.Defaults(2048, 1e-6, "silu", false, 10_000);
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(glm ? PartialRotary.withDefault(model, 0.5) : model, defaults());
  }

  @Override
  public Set<String> features() {
    return Set.of(
        "moe_intermediate_size",
        "n_routed_experts",
        "n_shared_experts",
        "num_experts_per_tok",
        "num_experts",
        "num_local_experts",
        "use_qk_norm",
        "sliding_window",
        "layer_types");
  }

  @Override
  public Network declare(ModelConfig model) {
    return like(model).declare();
  }

  @Override
  public Optional<NextTokenLayer> nextTokenLayer(ModelConfig model) {
    return glm ? furtherToken(like(model), model) : Optional.empty();
  }

  private LlamaLike like(ModelConfig model) {
    ConfigReader fields = model.fields();
    DecoderConfig config = dimensions(model);
    LlamaLike like = new LlamaLike(model, config);
    like.attentionBias(config.attentionBias(), !glm && config.attentionBias());
    if (!glm || fields.bool("use_qk_norm", false)) {
      like.queryKeyNorms(LlamaLike.QueryKeyNorms.PER_HEAD);
    }
    if (!glm) {
      int window = SlidingWindow.size(model, 4096);
      int dense = fields.positiveInt("max_window_layers", 62);
      List<Boolean> slides =
          LayerTypes.sliding(model, config.layers(), layer -> window > 0 && layer >= dense);
      like.window(LayerTypes.windows(model, slides, window));
    }
    leaveOutFurtherTokens(like, fields, config.layers());
    Experts experts = experts(model);
    int first = fields.optionalInt("first_k_dense_replace").orElse(glm ? 1 : 0);
    int shared = fields.optionalInt("n_shared_experts").orElse(glm ? 1 : 0);
    return like.mlps(
        (path, layer) ->
            !Experts.isSparse(fields, layer, layer >= first)
                ? like.mlp(path + ".mlp")
                : experts.declare(path + ".mlp", experts.shared(path + ".mlp", shared)));
  }

  /**
   * Leaves out the layers that predict further tokens, which are stored after the model's and saved
   * with it.
   */
  static void leaveOutFurtherTokens(LlamaLike like, ConfigReader fields, int layers) {
    for (int layer = layers; layer < layers + furtherTokens(fields); layer++) {
      String tensors = "layers\\." + layer + "\\..*";
      like.unused("model\\." + tensors, tensors);
    }
  }

  /** Declares the first of the layers that predict further tokens, if there are any. */
  static Optional<NextTokenLayer> furtherToken(LlamaLike like, ModelConfig model) {
    if (furtherTokens(model.fields()) == 0) {
      return Optional.empty();
    }
    int index = model.fields().requirePositiveInt("num_hidden_layers");
    String path = "model.layers." + index;
    return Optional.of(like.nextTokenLayer(NextTokenNames.below(path), path, index, false));
  }

  private static int furtherTokens(ConfigReader fields) {
    return fields.optionalInt("num_nextn_predict_layers").orElse(0);
  }

  /** Returns the experts of a family with sigmoid routing. */
  static Experts experts(ModelConfig model) {
    String count = "n_routed_experts";
    return experts(model, count, 1)
        .correction("gate.e_score_correction_bias", model.fields().requirePositiveInt(count));
  }

  /** Returns the experts of a family with sigmoid routing, without their correction. */
  static Experts experts(ModelConfig model, String count, double scale) {
    ConfigReader fields = model.fields();
    int chosen = Experts.chosen(model, "num_experts_per_tok", count);
    ExpertOps.Rule rule =
        new ExpertOps.Rule(
            chosen,
            fields.bool("norm_topk_prob", !model.modelType().equals("dots1")),
            true,
            0,
            fields.positiveNumber("routed_scaling_factor", scale),
            fields.positiveInt("n_group", 1),
            fields.positiveInt("topk_group", 1));
    return Experts.read(model, "moe_intermediate_size", count, rule, 0);
  }
}

package io.adapt4j.core.internal.nn.family.expert;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.attention.LatentAttention;
import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import java.util.Set;

/**
 * DeepSeek V2, V3 and R1 (DeepSeek-AI 2024), Moonlight and Kimi K2 (Moonshot AI 2025),
 * GLM-4.7-Flash (Zhipu AI 2026): multi-head latent attention, and mixtures of experts after some
 * dense layers.
 */
public final class DeepSeek implements Architecture {

  private static final String SECOND = "deepseek_v2";
  private static final String ROTATED = "qk_rope_head_dim";
  private static final String QUERY_RANK = "q_lora_rank";
  private static final String VALUE = "v_head_dim";
  private static final String METHOD = "topk_method";

  /** Epsilon of the norms between two projections, which is no field. */
  private static final double EPSILON = 1e-6;

  private final Set<String> types;
  private final DecoderConfig.Defaults defaults;

  /** First layer with experts, unless the configuration says so. */
  private final int firstSparse;

  private DeepSeek(Set<String> types, int positions, double epsilon, int firstSparse) {
    this.types = types;
    this.defaults = new DecoderConfig.Defaults(positions, epsilon, "silu", false, 10_000);
    this.firstSparse = firstSparse;
  }

  /** Returns DeepSeek V2, which weights experts by a softmax. */
  public static DeepSeek second() {
    return new DeepSeek(Set.of(SECOND), 2048, 1e-6, 0);
  }

  /** Returns DeepSeek V3 and Kimi K2. */
  public static DeepSeek third() {
    return new DeepSeek(Set.of("deepseek_v3", "kimi_k2"), 4096, 1e-6, 3);
  }

  /** Returns GLM-4.7-Flash. */
  public static DeepSeek flash() {
    return new DeepSeek(Set.of("glm4_moe_lite"), 202_752, 1e-5, 1);
  }

  @Override
  public Set<String> modelTypes() {
    return types;
  }

  @Override
  public DecoderConfig.Defaults defaults() {
    return defaults;
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    int rotated = model.fields().positiveInt(ROTATED, 64);
    return DecoderConfig.from(model.with("head_dim", IntNode.valueOf(rotated)), defaults);
  }

  @Override
  public Set<String> features() {
    return Set.of(
        "kv_lora_rank",
        "moe_intermediate_size",
        "n_routed_experts",
        "n_shared_experts",
        "num_experts_per_tok",
        "num_experts",
        "num_local_experts");
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    boolean second = types.contains(SECOND);
    DecoderConfig config = dimensions(model);
    LatentAttention.Widths widths = widths(fields, config, second);
    LlamaLike like =
        new LlamaLike(model, config)
            .mixers((path, layer) -> attention(fields, config, widths, path + ".self_attn"));
    SigmoidRouted.leaveOutFurtherTokens(like, fields, config.layers());
    Experts experts = second ? second(model) : SigmoidRouted.experts(model);
    int first = fields.optionalInt("first_k_dense_replace").orElse(firstSparse);
    int shared = fields.optionalInt("n_shared_experts").orElse(second ? 2 : 1);
    return like.mlps(
            (path, layer) ->
                Experts.isSparse(fields, layer, layer >= first)
                    ? experts.declare(path + ".mlp", experts.shared(path + ".mlp", shared))
                    : like.mlp(path + ".mlp"))
        .declare();
  }

  private static LatentAttention.Widths widths(
      ConfigReader fields, DecoderConfig config, boolean pairs) {
    LatentAttention.Widths widths =
        new LatentAttention.Widths(
            config.heads(),
            fields.positiveInt("kv_lora_rank", 512),
            fields.positiveInt("qk_nope_head_dim", 128),
            config.headDim(),
            fields.positiveInt(VALUE, 128),
            pairs || fields.bool("rope_interleave", true));
    if (widths.value() > widths.key()) {
      throw fields.invalid(
          VALUE,
          "at most qk_nope_head_dim plus qk_rope_head_dim, " + widths.key(),
          "Wider values are not supported.");
    }
    return widths;
  }

  private static Mixer attention(
      ConfigReader fields, DecoderConfig config, LatentAttention.Widths widths, String path) {
    long in = config.hiddenSize();
    boolean bias = config.attentionBias();
    long queries = (long) widths.heads() * widths.key();
    long rank = fields.isNull(QUERY_RANK) ? 0 : fields.positiveInt(QUERY_RANK, 1536);
    long keysAndValues = (long) widths.heads() * (widths.plain() + widths.value());
    return new LatentAttention(
        rank == 0 ? null : LinearSlot.of(path + ".q_a_proj", in, bias, rank),
        rank == 0 ? Norm.NONE : RmsNorm.declare(path + ".q_a_layernorm", rank, 0, EPSILON),
        rank == 0
            ? LinearSlot.of(path + ".q_proj", in, false, queries)
            : LinearSlot.of(path + ".q_b_proj", rank, false, queries),
        LinearSlot.of(
            path + ".kv_a_proj_with_mqa", in, bias, (long) widths.rank() + widths.rotated()),
        RmsNorm.declare(path + ".kv_a_layernorm", widths.rank(), 0, EPSILON),
        LinearSlot.of(path + ".kv_b_proj", widths.rank(), false, keysAndValues),
        LinearSlot.of(path + ".o_proj", (long) widths.heads() * widths.value(), bias, in),
        widths,
        0,
        new AttentionRule(scale(config, widths), 0, true, 0));
  }

  /** Returns the scale of scores, which yarn enlarges. */
  private static double scale(DecoderConfig config, LatentAttention.Widths widths) {
    double scale = 1 / Math.sqrt(widths.key());
    if (config.ropeScaling() instanceof RopeScaling.Yarn yarn && yarn.mscaleAllDim().isPresent()) {
      double factor = yarn.factor().orElse(1);
      double magnitude =
          factor <= 1 ? 1 : 0.1 * yarn.mscaleAllDim().getAsDouble() * Math.log(factor) + 1;
      return scale * magnitude * magnitude;
    }
    return scale;
  }

  private static Experts second(ModelConfig model) {
    ConfigReader fields = model.fields();
    String method = fields.optionalText(METHOD).orElse("greedy");
    boolean grouped = method.equals("group_limited_greedy");
    if (!grouped && !method.equals("greedy")) {
      throw fields.invalid(
          METHOD, "greedy or group_limited_greedy", "Other choices are not supported.");
    }
    ExpertOps.Rule rule =
        new ExpertOps.Rule(
            Experts.chosen(model, "num_experts_per_tok", "n_routed_experts"),
            false,
            false,
            0,
            fields.positiveNumber("routed_scaling_factor", 1),
            grouped ? fields.requirePositiveInt("n_group") : 1,
            grouped ? fields.requirePositiveInt("topk_group") : 1);
    return Experts.read(model, "moe_intermediate_size", "n_routed_experts", rule, 0);
  }
}

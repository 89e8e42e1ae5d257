package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LatentHeads;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import java.util.HashSet;
import java.util.Set;

/**
 * DeepSeek V2, V3 and R1 (DeepSeek-AI 2024), V3.2 (2025), Moonlight and Kimi K2 (Moonshot AI 2025),
 * GLM-4.7-Flash (Zhipu AI 2026): multi-head latent attention, and mixtures of experts after some
 * dense layers. V3.2 chooses the tokens that each one reads, {@code index_topk} of them: texts up
 * to this length, all of which is chosen, are those supported.
 */
public final class DeepSeek implements Architecture {

  private static final String SECOND = "deepseek_v2";
  private static final String SPARSE = "deepseek_v32";
  private static final String METHOD = "topk_method";

  /** Tensors by which V3.2 chooses tokens. */
  private static final String INDEXER = "layers\\.\\d+\\.self_attn\\.indexer\\..*";

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

  /** Returns DeepSeek V3.2. */
  public static DeepSeek sparse() {
    return new DeepSeek(Set.of(SPARSE), 163_840, 1e-6, 3);
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
    return DecoderConfig.from(LatentHeads.rotatedPart(model, 64), defaults);
  }

  @Override
  public Set<String> features() {
    Set<String> read =
        Set.of(
            "kv_lora_rank",
            "moe_intermediate_size",
            "n_routed_experts",
            "n_shared_experts",
            "num_experts_per_tok",
            "num_experts",
            "num_local_experts");
    if (isSparse()) {
      Set<String> own = new HashSet<>(read);
      own.add("layer_types");
      return own;
    }
    return read;
  }

  private boolean isSparse() {
    return types.contains(SPARSE);
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    boolean second = types.contains(SECOND);
    DecoderConfig config = dimensions(model);
    boolean pairs = second || fields.bool("rope_interleave", true);
    LatentHeads heads = LatentHeads.read(fields, config, LatentHeads.Defaults.DEEPSEEK, pairs);
    LlamaLike like =
        new LlamaLike(model, config).mixers((path, layer) -> heads.declare(path + ".self_attn"));
    SigmoidRouted.leaveOutFurtherTokens(like, fields, config.layers());
    if (isSparse()) {
      like.contextLength(fields.positiveInt("index_topk", 2048))
          .unused("(model\\.)?" + INDEXER, INDEXER);
    }
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

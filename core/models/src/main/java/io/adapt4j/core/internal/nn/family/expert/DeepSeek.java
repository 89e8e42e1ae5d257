package io.adapt4j.core.internal.nn.family.expert;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LatentHeads;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.next.NextTokenLayer;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * DeepSeek V2, V3 and R1 (DeepSeek-AI 2024), V3.2 (2025), Moonlight and Kimi K2 (Moonshot AI 2025),
 * GLM-4.7-Flash and GLM-5 (Zhipu AI 2026): multi-head latent attention, and mixtures of experts
 * after some dense layers. V3.2 and GLM-5 choose the tokens that each one reads, {@code index_topk}
 * of them; layers of GLM-5.2 share a choice.
 */
public final class DeepSeek implements Architecture {

  private static final String SECOND = "deepseek_v2";
  private static final String SPARSE = "deepseek_v32";
  private static final String FIFTH = "glm_moe_dsa";
  private static final String METHOD = "topk_method";

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

  /** Returns GLM-5. */
  public static DeepSeek fifth() {
    return new DeepSeek(Set.of(FIFTH), 202_752, 1e-5, 3);
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
      own.addAll(Set.of("layer_types", "indexer_types"));
      return own;
    }
    return read;
  }

  private boolean isSparse() {
    return types.contains(SPARSE) || types.contains(FIFTH);
  }

  @Override
  public Network declare(ModelConfig model) {
    return like(model).declare();
  }

  @Override
  public Optional<NextTokenLayer> nextTokenLayer(ModelConfig model) {
    return SigmoidRouted.furtherToken(like(model), model);
  }

  private LlamaLike like(ModelConfig model) {
    ConfigReader fields = model.fields();
    boolean second = types.contains(SECOND);
    DecoderConfig config = dimensions(model);
    boolean pairs = second || fields.bool("rope_interleave", true);
    LatentHeads heads = LatentHeads.read(fields, config, LatentHeads.Defaults.DEEPSEEK, pairs);
    LatentHeads mixer = isSparse() ? heads.indexed(index(fields)) : heads;
    List<LatentHeads.Choosing> choosing =
        types.contains(FIFTH)
            ? IndexerTypes.read(fields, config.layers())
            : Collections.nCopies(config.layers(), LatentHeads.Choosing.ALONE);
    LlamaLike like =
        new LlamaLike(model, config)
            .mixers((path, layer) -> mixer.declare(path + ".self_attn", choosing(choosing, layer)));
    SigmoidRouted.leaveOutFurtherTokens(like, fields, config.layers());
    IndexerTypes.leaveOutUnused(like, choosing);
    Experts experts = second ? second(model) : SigmoidRouted.experts(model);
    int first = fields.optionalInt("first_k_dense_replace").orElse(firstSparse);
    int shared = fields.optionalInt("n_shared_experts").orElse(second ? 2 : 1);
    return like.mlps(
        (path, layer) ->
            Experts.isSparse(fields, layer, layer >= first)
                ? experts.declare(path + ".mlp", experts.shared(path + ".mlp", shared))
                : like.mlp(path + ".mlp"));
  }

  /** Layers after the model's choose for themselves. */
  private static LatentHeads.Choosing choosing(List<LatentHeads.Choosing> of, int layer) {
    return layer < of.size() ? of.get(layer) : LatentHeads.Choosing.ALONE;
  }

  private LatentHeads.Index index(ConfigReader fields) {
    boolean isFifth = types.contains(FIFTH);
    return new LatentHeads.Index(
        fields.positiveInt("index_n_heads", isFifth ? 32 : 64),
        fields.positiveInt("index_head_dim", 128),
        fields.positiveInt("index_topk", 2048),
        isFifth && fields.bool("indexer_rope_interleave", true));
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

package io.adapt4j.core.internal.nn.family.expert;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LatentHeads;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.layer.ShortcutLayer;
import io.adapt4j.core.internal.nn.mlp.IdentityMlp;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * LongCat-Flash (Meituan 2025): pairs of layers with latent attention and a dense MLP each, and a
 * mixture of experts from the middle of the first to the end of the second, some of whose experts
 * return their input.
 */
public final class LongcatFlash extends BuiltInFamily {

  private static final String LAYERS = "num_layers";
  private static final String ROUTED = "n_routed_experts";
  private static final String INNER = "ffn_hidden_size";

  public LongcatFlash() {
    super(
        "longcat_flash",
        new DecoderConfig.Defaults(131_072, 1e-5, "silu", false, 10_000_000),
        "kv_lora_rank",
        ROUTED,
        "num_experts_per_tok");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    ConfigReader fields = model.fields();
    int layers = 2 * fields.requirePositiveInt(LAYERS);
    ModelConfig whole =
        LatentHeads.rotatedPart(model, 64)
            .with("num_hidden_layers", IntNode.valueOf(layers))
            .with("intermediate_size", IntNode.valueOf(fields.requirePositiveInt(INNER)));
    return DecoderConfig.from(whole, defaults());
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    DecoderConfig config = dimensions(model);
    if (fields.isNull("q_lora_rank")) {
      throw fields.invalid("q_lora_rank", "a width", "Queries of one projection are not known.");
    }
    LatentHeads heads =
        LatentHeads.read(fields, config, LatentHeads.Defaults.DEEPSEEK, true).normalized();
    int key = heads.widths().key();
    if (fields.positiveInt("qk_head_dim", key) != key) {
      throw fields.invalid(
          "qk_head_dim", "qk_nope_head_dim plus qk_rope_head_dim, " + key, "Correct one of them.");
    }
    int routed = fields.requirePositiveInt(ROUTED);
    int idle = fields.optionalInt("zero_expert_num").orElse(256);
    Experts experts = experts(model, routed + idle);
    String further =
        IntStream.range(routed, routed + idle)
            .mapToObj(Integer::toString)
            .collect(Collectors.joining("|"));
    // Transformers stores matrices of experts that have none.
    String unused = "layers\\.\\d+\\.mlp\\.experts(\\.|\\[)(" + further + ")]?\\..*";
    LlamaLike like = new LlamaLike(model, config);
    return like.unused("model\\.mtp\\..*|model\\." + unused, unused)
        .layers(
            (path, index) -> {
              String at = path + index / 2;
              String part = "." + index % 2;
              SequentialLayer layer =
                  SequentialLayer.preNorm(
                      norm(config, at + ".input_layernorm" + part),
                      heads.declare(at + ".self_attn" + part),
                      norm(config, at + ".post_attention_layernorm" + part),
                      like.mlp(at + ".mlps" + part));
              Mlp branch = index % 2 == 0 ? mixture(experts, at + ".mlp", routed) : null;
              return new ShortcutLayer(layer, branch);
            })
        .declare();
  }

  private static Norm norm(DecoderConfig config, String path) {
    return RmsNorm.declare(path, config.hiddenSize(), 0, config.rmsNormEps());
  }

  private static Experts experts(ModelConfig model, int count) {
    ConfigReader fields = model.fields();
    int chosen = fields.positiveInt("moe_topk", 12);
    if (chosen > count) {
      throw fields.invalid("moe_topk", "at most the number of experts " + count, "Correct it.");
    }
    ExpertOps.Rule rule =
        new ExpertOps.Rule(
            chosen, false, false, 0, fields.positiveNumber("routed_scaling_factor", 6), 1, 1);
    int width = fields.positiveInt("expert_ffn_hidden_size", 2048);
    return Experts.of(model, width, count, rule)
        .correction("router.e_score_correction_bias", count);
  }

  private static Mlp mixture(Experts experts, String path, int routed) {
    String owner = path + ".experts";
    return experts.declare(
        path,
        path + ".router.classifier",
        false,
        expert -> expert < routed ? experts.routed(owner, expert) : new IdentityMlp(),
        null);
  }
}

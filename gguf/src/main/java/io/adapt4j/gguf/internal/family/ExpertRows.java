package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import java.util.List;

/** What families with mixtures of experts share: rows of their tables, keys and checks. */
final class ExpertRows {

  private ExpertRows() {}

  /** The rows of a mixture's module, whose experts have these projections. */
  static List<TensorName> names(String module, String gate, String up, String down) {
    String experts = module + ".experts.{expert}.";
    return List.of(
        LlamaLikeFamily.layer(module + ".gate", "ffn_gate_inp"),
        LlamaLikeFamily.layer(experts + gate, "ffn_gate_exps"),
        LlamaLikeFamily.layer(experts + up, "ffn_up_exps"),
        LlamaLikeFamily.layer(experts + down, "ffn_down_exps"));
  }

  /** How many experts there are, and how many a token goes to. */
  static List<Field> counts(String count) {
    return List.of(
        Field.integer("expert_count", count, facts -> facts.fields().requirePositiveInt(count)),
        Field.integer(
            "expert_used_count",
            "num_experts_per_tok",
            facts -> facts.fields().requirePositiveInt("num_experts_per_tok")));
  }

  /** The width of an expert. */
  static Field width() {
    return Field.integer(
        "expert_feed_forward_length",
        "moe_intermediate_size",
        facts -> facts.fields().requirePositiveInt("moe_intermediate_size"));
  }

  /** llama.cpp has mixtures in all layers, and one way of weighting experts a family. */
  static void require(Facts facts, boolean normalized) {
    ConfigReader fields = facts.fields();
    if (fields.positiveInt("decoder_sparse_step", 1) != 1) {
      throw LlamaLikeFamily.refused(facts, "decoder_sparse_step", "1");
    }
    if (!fields.integers("mlp_only_layers").isEmpty()) {
      throw LlamaLikeFamily.refused(facts, "mlp_only_layers", "none");
    }
    if (fields.bool("norm_topk_prob", false) != normalized) {
      throw LlamaLikeFamily.refused(facts, "norm_topk_prob", String.valueOf(normalized));
    }
  }
}

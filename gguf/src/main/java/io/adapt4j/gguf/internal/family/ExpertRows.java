package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import java.util.List;
import java.util.stream.Stream;

/** Shared tensor names, keys and checks of mixture-of-experts families. */
final class ExpertRows {

  private static final String EXPERT = Place.EXPERT;

  private ExpertRows() {}

  /**
   * Returns the tensors of a mixture module with these expert projections: one tensor per expert,
   * or stacks [experts, out, in] with gate and up fused.
   */
  static List<TensorName> names(String module, String gate, String up, String down) {
    String experts = module + ".experts." + EXPERT + ".";
    return List.of(
        LlamaLikeFamily.layer(module + ".gate", "ffn_gate_inp"),
        LlamaLikeFamily.layer(experts + gate, "ffn_gate_exps"),
        LlamaLikeFamily.layer(experts + up, "ffn_up_exps"),
        LlamaLikeFamily.layer(experts + down, "ffn_down_exps"));
  }

  /** Returns the tensors of stacks [experts, out, in] with gate and up fused. */
  static List<TensorName> stacks(String owner, String gateUp, String down) {
    String expert = owner + "[" + EXPERT + "].";
    return List.of(
        LlamaLikeFamily.layer(expert + gateUp, "ffn_gate_exps", Layout.FIRST_HALF),
        LlamaLikeFamily.layer(expert + gateUp, "ffn_up_exps", Layout.SECOND_HALF),
        LlamaLikeFamily.layer(expert + down, "ffn_down_exps"));
  }

  /** Returns the tensors of the standard module, in the layouts of all versions of Transformers. */
  static List<TensorName> usual() {
    return concat(
        names("mlp", "gate_proj", "up_proj", "down_proj"),
        stacks("mlp.experts", "gate_up_proj", "down_proj"));
  }

  static List<TensorName> concat(List<TensorName> first, List<TensorName> second) {
    return Stream.concat(first.stream(), second.stream()).toList();
  }

  /** Returns the tensors of a shared expert. */
  static List<TensorName> shared(String path) {
    return List.of(
        LlamaLikeFamily.layer(path + ".gate_proj", "ffn_gate_shexp"),
        LlamaLikeFamily.layer(path + ".up_proj", "ffn_up_shexp"),
        LlamaLikeFamily.layer(path + ".down_proj", "ffn_down_shexp"));
  }

  /** Returns the keys for the number of experts and of experts per token. */
  static List<Field> counts(String count, String chosen) {
    return List.of(
        Field.integer("expert_count", count, facts -> facts.fields().requirePositiveInt(count)),
        Field.integer(
            "expert_used_count", chosen, facts -> facts.fields().requirePositiveInt(chosen)));
  }

  /** Returns the key for an expert's intermediate size. */
  static Field width(String field) {
    return Field.integer(
        "expert_feed_forward_length", field, facts -> facts.fields().requirePositiveInt(field));
  }

  /** Returns the key for the number of dense layers before the first mixture. */
  static Field denseLayers(String field, int absent) {
    return Field.integer(
        "leading_dense_block_count",
        field,
        facts -> facts.fields().optionalInt(field).orElse(absent));
  }

  /** Returns the key for the number of shared experts. */
  static Field sharedCount(String field, int absent) {
    return Field.integer(
        "expert_shared_count", field, facts -> facts.fields().optionalInt(field).orElse(absent));
  }

  /** Rejects dense layers, which llama.cpp does not support in some families. */
  static void requireEverywhere(Facts facts) {
    ConfigReader fields = facts.fields();
    if (fields.positiveInt("decoder_sparse_step", 1) != 1) {
      throw LlamaLikeFamily.refused(facts, "decoder_sparse_step", "1");
    }
    if (!fields.integers("mlp_only_layers").isEmpty()) {
      throw LlamaLikeFamily.refused(facts, "mlp_only_layers", "none");
    }
  }

  /** Rejects an expert weighting other than the one that llama.cpp uses for a family. */
  static void requireNormalized(Facts facts, boolean normalized, boolean absent) {
    if (facts.fields().bool("norm_topk_prob", absent) != normalized) {
      throw LlamaLikeFamily.refused(facts, "norm_topk_prob", String.valueOf(normalized));
    }
  }
}

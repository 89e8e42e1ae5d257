package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import java.util.List;
import java.util.stream.Stream;

/** What families with mixtures of experts share: rows of their tables, keys and checks. */
final class ExpertRows {

  private static final String EXPERT = Place.EXPERT;

  private ExpertRows() {}

  /**
   * The rows of a mixture's module, whose experts have these projections: each in tensors of its
   * own, or all in stacks [experts, out, in] that have gate and up in one.
   */
  static List<TensorName> names(String module, String gate, String up, String down) {
    String experts = module + ".experts." + EXPERT + ".";
    return List.of(
        LlamaLikeFamily.layer(module + ".gate", "ffn_gate_inp"),
        LlamaLikeFamily.layer(experts + gate, "ffn_gate_exps"),
        LlamaLikeFamily.layer(experts + up, "ffn_up_exps"),
        LlamaLikeFamily.layer(experts + down, "ffn_down_exps"));
  }

  /** The rows of stacks [experts, out, in], where one has gate and up. */
  static List<TensorName> stacks(String owner, String gateUp, String down) {
    String expert = owner + "[" + EXPERT + "].";
    return List.of(
        LlamaLikeFamily.layer(expert + gateUp, "ffn_gate_exps", Layout.FIRST_HALF),
        LlamaLikeFamily.layer(expert + gateUp, "ffn_up_exps", Layout.SECOND_HALF),
        LlamaLikeFamily.layer(expert + down, "ffn_down_exps"));
  }

  /** The rows of the usual module, as one or another version of Transformers writes it. */
  static List<TensorName> usual() {
    return concat(
        names("mlp", "gate_proj", "up_proj", "down_proj"),
        stacks("mlp.experts", "gate_up_proj", "down_proj"));
  }

  static List<TensorName> concat(List<TensorName> first, List<TensorName> second) {
    return Stream.concat(first.stream(), second.stream()).toList();
  }

  /** The rows of an expert that works on all positions. */
  static List<TensorName> shared(String path) {
    return List.of(
        LlamaLikeFamily.layer(path + ".gate_proj", "ffn_gate_shexp"),
        LlamaLikeFamily.layer(path + ".up_proj", "ffn_up_shexp"),
        LlamaLikeFamily.layer(path + ".down_proj", "ffn_down_shexp"));
  }

  /** How many experts there are, and how many a token goes to. */
  static List<Field> counts(String count, String chosen) {
    return List.of(
        Field.integer("expert_count", count, facts -> facts.fields().requirePositiveInt(count)),
        Field.integer(
            "expert_used_count", chosen, facts -> facts.fields().requirePositiveInt(chosen)));
  }

  /** The width of an expert. */
  static Field width(String field) {
    return Field.integer(
        "expert_feed_forward_length", field, facts -> facts.fields().requirePositiveInt(field));
  }

  /** How many layers come before the first mixture. */
  static Field denseLayers(String field, int absent) {
    return Field.integer(
        "leading_dense_block_count",
        field,
        facts -> facts.fields().optionalInt(field).orElse(absent));
  }

  /** How many experts work on all positions. */
  static Field sharedCount(String field, int absent) {
    return Field.integer(
        "expert_shared_count", field, facts -> facts.fields().optionalInt(field).orElse(absent));
  }

  /** Refuses layers without a mixture, which llama.cpp does not have in some families. */
  static void requireEverywhere(Facts facts) {
    ConfigReader fields = facts.fields();
    if (fields.positiveInt("decoder_sparse_step", 1) != 1) {
      throw LlamaLikeFamily.refused(facts, "decoder_sparse_step", "1");
    }
    if (!fields.integers("mlp_only_layers").isEmpty()) {
      throw LlamaLikeFamily.refused(facts, "mlp_only_layers", "none");
    }
  }

  /** Refuses the other way of weighting experts than the one that llama.cpp has for a family. */
  static void requireNormalized(Facts facts, boolean normalized, boolean absent) {
    if (facts.fields().bool("norm_topk_prob", absent) != normalized) {
      throw LlamaLikeFamily.refused(facts, "norm_topk_prob", String.valueOf(normalized));
    }
  }
}

package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.List;
import java.util.function.ToIntFunction;

/** Tensor names, keys and checks of families with mixtures of experts. */
final class Experts {

  /** Key of the gating function, for sigmoid scores. */
  static final Field SIGMOID = Field.derived("expert_gating_func", facts -> 2);

  private static final String FIRST = "first_k_dense_replace";
  private static final String LAYER_TYPES = "mlp_layer_types";
  private static final String DENSE = "dense";
  private static final String SHARED_WIDTH = "shared_expert_intermediate_size";

  private Experts() {}

  /**
   * Returns the tensors of a mixture module with these expert projections: one tensor per expert,
   * or stacks [experts, out, in] with gate and up fused.
   */
  static List<TensorName> names(String module, String gate, String up, String down) {
    String experts = module + ".experts." + Place.EXPERT + ".";
    return TensorName.layers(
        module + ".gate = ffn_gate_inp",
        experts + gate + " = ffn_gate_exps",
        experts + up + " = ffn_up_exps",
        experts + down + " = ffn_down_exps");
  }

  /** Returns the tensors of stacks [experts, out, in] with gate and up fused. */
  static List<TensorName> stacks(String owner, String gateUp, String down) {
    String expert = owner + "[" + Place.EXPERT + "].";
    return List.of(
        TensorName.layer(expert + gateUp, "ffn_gate_exps", Layout.FIRST_HALF),
        TensorName.layer(expert + gateUp, "ffn_up_exps", Layout.SECOND_HALF),
        TensorName.layer(expert + down, "ffn_down_exps", Layout.SAME));
  }

  /** Returns the tensors of the standard module, in the layouts of all versions of Transformers. */
  static List<TensorName> usual() {
    return TensorName.concat(
        names("mlp", "gate_proj", "up_proj", "down_proj"),
        stacks("mlp.experts", "gate_up_proj", "down_proj"));
  }

  static List<TensorName> shared(String path) {
    return TensorName.layers(
        path + ".gate_proj = ffn_gate_shexp",
        path + ".up_proj = ffn_up_shexp",
        path + ".down_proj = ffn_down_shexp");
  }

  static List<TensorName> gatedShared() {
    return TensorName.concat(
        shared("mlp.shared_expert"),
        List.of(TensorName.layer("mlp.shared_expert_gate", "ffn_gate_inp_shexp", Layout.ONE_ROW)));
  }

  /** Returns the tensor of a bias that corrects the scores. */
  static List<TensorName> correction(String path) {
    return List.of(TensorName.layerTensor(path, "exp_probs_b.bias", Layout.SAME));
  }

  /** Returns the keys for the number of experts and of experts per token. */
  static List<Field> counts(String count, String chosen) {
    return List.of(
        Field.integer("expert_count", count), Field.integer("expert_used_count", chosen));
  }

  /** Returns the key for an expert's intermediate size. */
  static Field width() {
    return Field.integer("expert_feed_forward_length", "moe_intermediate_size");
  }

  /** Returns the key for the shared expert's intermediate size. */
  static Field sharedWidth() {
    return Field.integer("expert_shared_feed_forward_length", SHARED_WIDTH);
  }

  /** Returns the key for the number of dense layers before the first mixture. */
  static Field denseLayers(String field, int absent) {
    return optional("leading_dense_block_count", field, absent);
  }

  /**
   * Returns the number of dense layers before the first mixture, which configurations of
   * Transformers 5 state by the types of all layers.
   */
  private static int denseLayers(Facts facts, int absent) {
    List<String> types = facts.fields().texts(LAYER_TYPES);
    return types.isEmpty()
        ? facts.fields().optionalInt(FIRST).orElse(absent)
        : (int) types.stream().takeWhile(DENSE::equals).count();
  }

  /** Returns the key for the number of dense layers before the first mixture. */
  static Field denseLayers(ToIntFunction<Facts> absent) {
    return Field.integer(
        "leading_dense_block_count", FIRST, facts -> denseLayers(facts, absent.applyAsInt(facts)));
  }

  /** Rejects dense layers after the first mixture. */
  static void requireDenseFirst(Facts facts) {
    if (facts.fields().texts(LAYER_TYPES).lastIndexOf(DENSE) >= denseLayers(facts, 0)) {
      throw Checks.refused(facts, LAYER_TYPES, "dense layers before all others");
    }
  }

  /** Returns the key for the number of shared experts. */
  static Field sharedCount(String field, int absent) {
    return optional("expert_shared_count", field, absent);
  }

  private static Field optional(String key, String field, int absent) {
    return Field.integer(key, field, facts -> facts.fields().optionalInt(field).orElse(absent));
  }

  /** Rejects dense layers, which llama.cpp does not support in some families. */
  static void requireEverywhere(Facts facts) {
    ConfigReader fields = facts.fields();
    Checks.number(facts, "decoder_sparse_step", fields.positiveInt("decoder_sparse_step", 1), 1);
    if (!fields.integers("mlp_only_layers").isEmpty()) {
      throw Checks.refused(facts, "mlp_only_layers", "none");
    }
  }

  /** Rejects an expert weighting other than the one that llama.cpp uses for a family. */
  static void requireNormalized(Facts facts, boolean normalized, boolean absent) {
    Checks.flag(facts, "norm_topk_prob", normalized, absent);
  }
}

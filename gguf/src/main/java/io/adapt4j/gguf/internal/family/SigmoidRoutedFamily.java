package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import java.util.ArrayList;
import java.util.List;

/**
 * Base of mixture families with sigmoid routing, a score correction bias and leading dense layers.
 */
abstract class SigmoidRoutedFamily extends MixtureFamily {

  /** Value of the gating function key for sigmoid scores. */
  static final int SIGMOID = 2;

  @Override
  String countField() {
    return "n_routed_experts";
  }

  /** Returns the default number of dense layers and of shared experts. */
  abstract int absent();

  /** Returns whether expert weights are normalized by default. */
  abstract boolean normalizedByDefault();

  @Override
  void feedForward(List<TensorName> names) {
    super.feedForward(names);
    names.addAll(ExpertRows.shared("mlp.shared_experts"));
    names.add(
        TensorName.tensor(
            "model.layers.{}.mlp.gate.e_score_correction_bias",
            "blk.{}.exp_probs_b.bias",
            Layout.SAME));
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    List<Field> fields = new ArrayList<>(super.fieldsBeforeFileType());
    fields.add(groups("expert_group_count", "n_group"));
    fields.add(groups("expert_group_used_count", "topk_group"));
    return fields;
  }

  private static Field groups(String key, String field) {
    return Field.integer(key, field, facts -> facts.fields().positiveInt(field, 1))
        .when(facts -> facts.fields().positiveInt("n_group", 1) > 1);
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        RotaryShare.count(),
        ExpertRows.width("moe_intermediate_size"),
        ExpertRows.sharedCount("n_shared_experts", absent()),
        ExpertRows.denseLayers("first_k_dense_replace", absent()),
        Field.derived("expert_gating_func", facts -> SIGMOID),
        Field.number(
            "expert_weights_scale",
            "routed_scaling_factor",
            facts -> facts.fields().positiveNumber("routed_scaling_factor", 1)),
        Field.flag(
            "expert_weights_norm",
            "norm_topk_prob",
            facts -> facts.fields().bool("norm_topk_prob", normalizedByDefault())));
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    ConfigReader fields = facts.fields();
    if (fields.optionalInt("n_shared_experts").orElse(absent()) == 0) {
      throw refused(facts, "n_shared_experts", "at least 1");
    }
  }
}

package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;

/** What hybrids with state spaces (Mamba-2) share: rows of their tables, keys and checks. */
final class StateSpaceRows {

  private static final String STORED = "model.layers.{}.mamba.";
  private static final String GGUF = "blk.{}.";
  private static final String GROUPS = "mamba_n_groups";
  private static final String HEADS = "mamba_n_heads";

  private StateSpaceRows() {}

  /** The rows of a layer's state space. */
  static List<TensorName> names(ConfigReader fields, Layout in, Layout out) {
    return List.of(
        LlamaLikeFamily.layer("mamba.in_proj", "ssm_in", in),
        LlamaLikeFamily.layer("mamba.out_proj", "ssm_out", out),
        tensor("conv1d.weight", "ssm_conv1d.weight", Layout.SQUEEZED),
        tensor("conv1d.bias", "ssm_conv1d.bias", Layout.SAME),
        tensor("dt_bias", "ssm_dt.bias", Layout.SAME),
        tensor("A_log", "ssm_a", Layout.COLUMN.decay()),
        tensor("D", "ssm_d", Layout.COLUMN),
        tensor("norm.weight", "ssm_norm.weight", Layout.grouped(fields.positiveInt(GROUPS, 1))));
  }

  private static TensorName tensor(String stored, String gguf, Layout layout) {
    return TensorName.tensor(STORED + stored, GGUF + gguf, layout);
  }

  static Field kernel() {
    return Field.integer(
        "ssm.conv_kernel", "mamba_d_conv", facts -> facts.fields().positiveInt("mamba_d_conv", 4));
  }

  static Field stateSize() {
    return Field.integer(
        "ssm.state_size",
        "mamba_d_state",
        facts -> facts.fields().positiveInt("mamba_d_state", 256));
  }

  static Field groupCount() {
    return Field.integer("ssm.group_count", GROUPS, facts -> facts.fields().positiveInt(GROUPS, 1));
  }

  static Field innerSize() {
    return Field.derived("ssm.inner_size", StateSpaceRows::inner);
  }

  static Field headCount() {
    return Field.integer(
        "ssm.time_step_rank", HEADS, facts -> facts.fields().positiveInt(HEADS, 128));
  }

  /** The width of all heads. */
  static int inner(Facts facts) {
    ConfigReader fields = facts.fields();
    return fields
        .optionalInt("mamba_d_ssm")
        .orElse((int) (fields.positiveNumber("mamba_expand", 2) * facts.decoder().hiddenSize()));
  }

  /** Sets what follows from the inner width, where the fields of the other widths are set. */
  static void complete(GgufMetadata metadata, String prefix, ObjectNode config) {
    long inner = metadata.integer(prefix + "ssm.inner_size").orElse(0);
    config.put("mamba_d_head", inner / Math.max(1, config.path(HEADS).asLong()));
    config.put("mamba_expand", inner / Math.max(1, config.path("hidden_size").asDouble()));
    config.put("mamba_conv_bias", true);
    config.put("mamba_proj_bias", false);
  }

  /** llama.cpp adds the bias of the convolution, no others, and takes any step. */
  static void require(Facts facts) {
    ConfigReader fields = facts.fields();
    LlamaLikeFamily.requireOff(facts, "mamba_proj_bias");
    if (!fields.bool("mamba_conv_bias", true)) {
      throw LlamaLikeFamily.refused(facts, "mamba_conv_bias", "true");
    }
    double least = fields.numberAt("time_step_limit", 0).orElse(0);
    double most = fields.numberAt("time_step_limit", 1).orElse(Double.POSITIVE_INFINITY);
    // Steps are positive, and none is as large.
    if (least > 0 || most < 1e6) {
      throw LlamaLikeFamily.refused(facts, "time_step_limit", "0 to infinity");
    }
  }

  /** llama.cpp normalizes each group by itself; these families all groups together. */
  static void requireOneGroup(Facts facts) {
    if (facts.fields().positiveInt(GROUPS, 1) != 1) {
      throw LlamaLikeFamily.refused(facts, GROUPS, "1");
    }
  }
}

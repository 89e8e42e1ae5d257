package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.List;

/** Tensor names, keys and checks of hybrids with state-space layers (Mamba-2). */
final class StateSpace {

  private static final String GROUPS = "mamba_n_groups";
  private static final String HEADS = "mamba_n_heads";

  static final Field KERNEL = Field.integer("ssm.conv_kernel", "mamba_d_conv", 4);
  static final Field STATE_SIZE = Field.integer("ssm.state_size", "mamba_d_state", 256);
  static final Field GROUP_COUNT = Field.integer("ssm.group_count", GROUPS, 1);
  static final Field INNER_SIZE = Field.derived("ssm.inner_size", StateSpace::inner);
  static final Field HEAD_COUNT = Field.integer("ssm.time_step_rank", HEADS, 128);

  private StateSpace() {}

  /** Returns the tensors of a state-space layer. */
  static List<TensorName> names(ConfigReader fields, Layout in, Layout out) {
    return List.of(
        TensorName.layer("mamba.in_proj", "ssm_in", in),
        TensorName.layer("mamba.out_proj", "ssm_out", out),
        tensor("conv1d.weight", "ssm_conv1d.weight", Layout.SQUEEZED),
        tensor("conv1d.bias", "ssm_conv1d.bias", Layout.SAME),
        tensor("dt_bias", "ssm_dt.bias", Layout.SAME),
        tensor("A_log", "ssm_a", Layout.COLUMN.decay()),
        tensor("D", "ssm_d", Layout.COLUMN),
        tensor("norm.weight", "ssm_norm.weight", Layout.grouped(fields.positiveInt(GROUPS, 1))));
  }

  private static TensorName tensor(String stored, String gguf, Layout layout) {
    return TensorName.layerTensor("mamba." + stored, gguf, layout);
  }

  /** Returns the inner size, that is heads times head size. */
  static int inner(Facts facts) {
    ConfigReader fields = facts.fields();
    return fields
        .optionalInt("mamba_d_ssm")
        .orElse((int) (fields.positiveNumber("mamba_expand", 2) * facts.decoder().hiddenSize()));
  }

  /** Sets the fields derived from the inner size, once the other sizes are set. */
  static void complete(GgufMetadata metadata, String prefix, ObjectNode config) {
    long inner = metadata.integer(prefix + "ssm.inner_size").orElse(0);
    config.put("mamba_d_head", inner / Math.max(1, config.path(HEADS).asLong()));
    config.put("mamba_expand", inner / Math.max(1, config.path("hidden_size").asDouble()));
    config.put("mamba_conv_bias", true);
    config.put("mamba_proj_bias", false);
  }

  /**
   * Requires what llama.cpp supports: a bias of the convolution only, and no limit on time steps.
   */
  static void require(Facts facts) {
    Checks.off(facts, "mamba_proj_bias");
    Checks.flag(facts, "mamba_conv_bias", true, true);
    double least = facts.fields().numberAt("time_step_limit", 0).orElse(0);
    double most = facts.fields().numberAt("time_step_limit", 1).orElse(Double.POSITIVE_INFINITY);
    // Steps are positive, and none is that large.
    if (least > 0 || most < 1e6) {
      throw Checks.refused(facts, "time_step_limit", "0 to infinity");
    }
  }

  /** Requires a single group: llama.cpp normalizes groups separately, these families jointly. */
  static void requireOneGroup(Facts facts) {
    Checks.number(facts, GROUPS, facts.fields().positiveInt(GROUPS, 1), 1);
  }
}

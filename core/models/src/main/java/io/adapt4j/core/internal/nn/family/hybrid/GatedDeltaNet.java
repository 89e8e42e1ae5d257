package io.adapt4j.core.internal.nn.family.hybrid;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.nn.attention.RecurrentMixer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/** Declares Qwen's linear attention (Gated DeltaNet, Yang et al. 2024). */
record GatedDeltaNet(
    DecoderConfig config, RecurrentMixer.StateHeads heads, int width, boolean byGroup) {

  static GatedDeltaNet read(ConfigReader fields, DecoderConfig config, boolean byGroup) {
    int keyHeads = fields.positiveInt("linear_num_key_heads", 16);
    int valueHeads = fields.positiveInt("linear_num_value_heads", 32);
    if (valueHeads % keyHeads != 0) {
      throw fields.invalid(
          "linear_num_value_heads",
          "a multiple of linear_num_key_heads " + keyHeads,
          "Correct one of the two.");
    }
    if (!config.hiddenActivation().equals("silu") && !config.hiddenActivation().equals("swish")) {
      throw fields.invalid("hidden_act", "silu", "Convolutions with another are not supported.");
    }
    return new GatedDeltaNet(
        config,
        new RecurrentMixer.StateHeads(
            keyHeads,
            valueHeads,
            fields.positiveInt("linear_key_head_dim", 128),
            fields.positiveInt("linear_value_head_dim", 128)),
        fields.positiveInt("linear_conv_kernel_dim", 4),
        byGroup);
  }

  RecurrentMixer declare(String path) {
    long keys = (long) heads.groups() * heads.keyDim();
    long values = heads.valueWidth();
    long rates = heads.heads();
    long hidden = config.hiddenSize();
    LinearSlot in =
        byGroup
            ? LinearSlot.of(
                path,
                hidden,
                false,
                List.of("in_proj_qkvz", "in_proj_ba"),
                2 * keys + 2 * values,
                2 * rates)
            : LinearSlot.of(
                path,
                hidden,
                false,
                List.of("in_proj_qkv", "in_proj_z", "in_proj_b", "in_proj_a"),
                2 * keys + values,
                values,
                rates,
                rates);
    return RecurrentMixer.gatedDelta(
        in,
        LinearSlot.of(path + ".out_proj", values, false, hidden),
        heads,
        byGroup,
        RecurrentMixer.Convolution.declare(path + ".conv1d", 2 * keys + values, width, false),
        List.of(Parameter.of(path + ".A_log", rates), Parameter.of(path + ".dt_bias", rates)),
        RmsNorm.declare(path + ".norm", heads.valueDim(), 0, config.rmsNormEps()));
  }
}

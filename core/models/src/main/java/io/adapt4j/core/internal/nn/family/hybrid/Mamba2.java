package io.adapt4j.core.internal.nn.family.hybrid;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.nn.attention.RecurrentMixer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Declares the selective state spaces of hybrid models (Mamba-2, Dao and Gu 2024), from the fields
 * that begin with {@code mamba_}.
 *
 * @param norm norm of the output, or null
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Mamba2(
    int hidden,
    RecurrentMixer.StateHeads heads,
    int convolution,
    Biases biases,
    double[] numbers,
    @Nullable NormRule norm) {

  /** Parts that have biases. */
  record Biases(boolean convolution, boolean in, boolean out) {}

  /** Norm of the output: number of equal parts, and whether the gate follows it. */
  record NormRule(int parts, boolean beforeGate, double eps) {}

  static Mamba2 read(ConfigReader fields, DecoderConfig config) {
    requireSilu(fields, "hidden_act");
    boolean bias = fields.bool("mamba_proj_bias", false);
    return new Mamba2(
        config.hiddenSize(),
        heads(fields, config.hiddenSize()),
        fields.positiveInt("mamba_d_conv", 4),
        new Biases(fields.bool("mamba_conv_bias", true), bias, bias),
        stepLimits(fields),
        new NormRule(1, false, config.rmsNormEps()));
  }

  /** Requires the activation that convolutions have. */
  static void requireSilu(ConfigReader fields, String field) {
    if (!Set.of("silu", "swish").contains(fields.optionalText(field).orElse("silu"))) {
      throw fields.invalid(field, "silu", "Convolutions with another are not supported.");
    }
  }

  /** Reads the limits of time steps. */
  static double[] stepLimits(ConfigReader fields) {
    return new double[] {bound(fields, 0, 0), bound(fields, 1, Double.POSITIVE_INFINITY)};
  }

  private static RecurrentMixer.StateHeads heads(ConfigReader fields, int hidden) {
    int count = fields.positiveInt("mamba_n_heads", 128);
    int groups = fields.positiveInt("mamba_n_groups", 1);
    int inner =
        fields
            .optionalInt("mamba_d_ssm")
            .orElse((int) (fields.positiveNumber("mamba_expand", 2) * hidden));
    if (inner % count != 0 || count % groups != 0) {
      throw fields.invalid(
          "mamba_n_heads",
          "a divisor of the inner width " + inner + " and a multiple of mamba_n_groups " + groups,
          "Correct one of them.");
    }
    boolean auto = fields.json().path("mamba_d_head").isTextual();
    int width = auto ? inner / count : fields.positiveInt("mamba_d_head", inner / count);
    if (width * count != inner) {
      throw fields.invalid(
          "mamba_d_head", "auto or " + inner / count, "Correct it or mamba_n_heads.");
    }
    return new RecurrentMixer.StateHeads(
        groups, count, fields.positiveInt("mamba_d_state", 256), width);
  }

  private static double bound(ConfigReader fields, int index, double absent) {
    return fields.numberAt("time_step_limit", index).orElse(absent);
  }

  /** Returns this declaration with Falcon-H1's options. */
  Mamba2 falcon(ConfigReader fields, double eps) {
    double[] all = new double[7];
    System.arraycopy(numbers, 0, all, 0, 2);
    for (int i = 0; i < 5; i++) {
      all[2 + i] = fields.numberAt("ssm_multipliers", i).orElse(1);
    }
    boolean before = fields.bool("mamba_norm_before_gate", true);
    return new Mamba2(
        hidden,
        heads,
        convolution,
        new Biases(biases.convolution(), biases.in(), fields.bool("projectors_bias", false)),
        all,
        fields.bool("mamba_rms_norm", false) ? new NormRule(heads.groups(), before, eps) : null);
  }

  RecurrentMixer declare(String path) {
    long inner = heads.valueWidth();
    long channels = inner + 2L * heads.groups() * heads.keyDim();
    long count = heads.heads();
    return RecurrentMixer.stateSpace(
        LinearSlot.of(path + ".in_proj", hidden, biases.in(), inner + channels + count),
        LinearSlot.of(path + ".out_proj", inner, biases.out(), hidden),
        heads,
        RecurrentMixer.Convolution.declare(
            path + ".conv1d", channels, convolution, biases.convolution()),
        List.of(
            Parameter.of(path + ".A_log", count),
            Parameter.of(path + ".dt_bias", count),
            Parameter.of(path + ".D", count)),
        numbers,
        norm == null
            ? null
            : new RecurrentMixer.OutputNorm(
                Parameter.of(path + ".norm.weight", inner),
                norm.parts(),
                norm.beforeGate(),
                norm.eps()));
  }
}

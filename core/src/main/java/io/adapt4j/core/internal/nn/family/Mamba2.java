package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.nn.LinearSlot;
import io.adapt4j.core.internal.nn.RecurrentMixer;
import io.adapt4j.core.internal.tensor.Parameter;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Declares the selective state spaces of hybrid models (Mamba-2, Dao and Gu 2024), from the fields
 * that begin with {@code mamba_}.
 *
 * @param hidden width of the residual stream
 * @param heads of the recurrence
 * @param width positions that the convolution sees
 * @param convolutionBias whether the convolution has a bias
 * @param bias whether the projections have one
 * @param steps the least and the largest step
 * @param eps of the norm
 */
record Mamba2(
    int hidden,
    RecurrentMixer.StateHeads heads,
    int width,
    boolean convolutionBias,
    boolean bias,
    double[] steps,
    double eps) {

  static Mamba2 read(ConfigReader fields, DecoderConfig config) {
    int count = fields.positiveInt("mamba_n_heads", 128);
    int groups = fields.positiveInt("mamba_n_groups", 1);
    int inner =
        (int) (fields.positiveNumber("mamba_expand", 2) * config.hiddenSize());
    if (inner % count != 0 || count % groups != 0) {
      throw fields.invalid(
          "mamba_n_heads",
          "a divisor of mamba_expand * hidden_size " + inner + ", and a multiple of mamba_n_groups "
              + groups,
          "Correct one of them.");
    }
    boolean auto = fields.json().path("mamba_d_head").isTextual();
    int headDim = auto ? inner / count : fields.positiveInt("mamba_d_head", inner / count);
    if (headDim * count != inner) {
      throw fields.invalid(
          "mamba_d_head", inner / count + ", or auto", "Correct it or mamba_n_heads.");
    }
    if (!config.hiddenActivation().equals("silu") && !config.hiddenActivation().equals("swish")) {
      throw fields.invalid("hidden_act", "silu", "Convolutions with another are not supported.");
    }
    return new Mamba2(
        config.hiddenSize(),
        new RecurrentMixer.StateHeads(
            groups, count, fields.positiveInt("mamba_d_state", 256), headDim),
        fields.positiveInt("mamba_d_conv", 4),
        fields.bool("mamba_conv_bias", true),
        fields.bool("mamba_proj_bias", false),
        steps(fields),
        config.rmsNormEps());
  }

  /** The bounds of steps; 0 and infinity, which JSON may not be able to say, where there are none. */
  private static double[] steps(ConfigReader fields) {
    double[] steps = {0, Double.POSITIVE_INFINITY};
    for (int i = 0; i < 2; i++) {
      OptionalDouble bound = fields.numberAt("time_step_limit", i);
      if (bound.isPresent()) {
        steps[i] = bound.getAsDouble();
      }
    }
    return steps;
  }

  RecurrentMixer declare(String path) {
    long inner = heads.valueWidth();
    long channels = inner + 2L * heads.groups() * heads.keyDim();
    return RecurrentMixer.stateSpace(
        LinearSlot.of(path + ".in_proj", hidden, bias, inner + channels + heads.heads()),
        LinearSlot.of(path + ".out_proj", inner, bias, hidden),
        heads,
        RecurrentMixer.Convolution.declare(path + ".conv1d", channels, width, convolutionBias),
        List.of(
            Parameter.of(path + ".A_log", heads.heads()),
            Parameter.of(path + ".dt_bias", heads.heads()),
            Parameter.of(path + ".D", heads.heads())),
        steps,
        new RecurrentMixer.OutputNorm(Parameter.of(path + ".norm.weight", inner), 1, false, eps));
  }
}

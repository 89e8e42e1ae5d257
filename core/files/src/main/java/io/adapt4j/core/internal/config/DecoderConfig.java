package io.adapt4j.core.internal.config;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * Dimensions of a Llama-like decoder, read from {@code config.json} under the names that
 * Transformers uses.
 */
public record DecoderConfig(
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int vocabSize,
    int maxPositionEmbeddings,
    double rmsNormEps,
    String hiddenActivation,
    boolean attentionBias,
    boolean mlpBias,
    boolean tieWordEmbeddings,
    double ropeTheta,
    RopeScaling ropeScaling,
    int rotaryDim) {

  /** A family's defaults for absent fields. */
  public record Defaults(
      int maxPositionEmbeddings,
      double rmsNormEps,
      String hiddenActivation,
      boolean tieWordEmbeddings,
      double ropeTheta,
      OptionalInt headDim) {

    /** Defaults of {@code LlamaConfig} in Transformers. */
    public static final Defaults LLAMA = new Defaults(2048, 1e-6, "silu", false, 10_000);

    /** Defaults with a head size that derives from the hidden size. */
    public Defaults(int positions, double eps, String activation, boolean tied, double theta) {
      this(positions, eps, activation, tied, theta, OptionalInt.empty());
    }

    /** Defaults with a fixed head size. */
    public Defaults(
        int positions, double eps, String activation, boolean tied, double theta, int headDim) {
      this(positions, eps, activation, tied, theta, OptionalInt.of(headDim));
    }
  }

  /** Reads the fields of a Llama-like decoder. */
  public static DecoderConfig from(ModelConfig config, Defaults defaults) {
    return from(config, defaults, Optional.empty());
  }

  /**
   * Reads the fields of a Llama-like decoder whose layer types may have separate rotary parameters.
   */
  public static DecoderConfig from(
      ModelConfig config, Defaults defaults, Optional<String> layerType) {
    ConfigReader fields = config.fields();
    int hiddenSize = fields.requirePositiveInt("hidden_size");
    int heads = fields.requirePositiveInt("num_attention_heads");
    int headDim = headDim(fields, defaults, hiddenSize, heads);
    int rotaryDim = rotaryDim(fields, layerType, headDim);
    RopeScaling ropeScaling = RopeScalingReader.scaling(fields, layerType);
    requireFactorEach(fields, ropeScaling, rotaryDim / 2);
    return new DecoderConfig(
        hiddenSize,
        fields.requirePositiveInt("intermediate_size"),
        fields.requirePositiveInt("num_hidden_layers"),
        heads,
        kvHeads(fields, heads),
        headDim,
        fields.requirePositiveInt("vocab_size"),
        fields.positiveInt("max_position_embeddings", defaults.maxPositionEmbeddings()),
        fields.positiveNumber("rms_norm_eps", defaults.rmsNormEps()),
        hiddenActivation(fields, defaults),
        fields.bool("attention_bias", false),
        fields.bool("mlp_bias", false),
        fields.bool("tie_word_embeddings", defaults.tieWordEmbeddings()),
        RopeScalingReader.theta(fields, layerType, defaults.ropeTheta()),
        ropeScaling,
        rotaryDim);
  }

  /**
   * Returns the maximum sequence length that the model was made for. Files with linear, dynamic or
   * yarn rotary scaling usually state the length before scaling; those with llama3 or longrope
   * state the extended one.
   */
  public int contextLength() {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(maxPositionEmbeddings, extendedLength()));
  }

  private double extendedLength() {
    if (ropeScaling instanceof RopeScaling.Linear linear) {
      return linear.factor() * maxPositionEmbeddings;
    }
    if (ropeScaling instanceof RopeScaling.Dynamic dynamic) {
      return dynamic.factor() * maxPositionEmbeddings;
    }
    if (ropeScaling instanceof RopeScaling.Yarn yarn) {
      return yarn.factor().orElse(1)
          * yarn.originalMaxPositionEmbeddings().orElse(maxPositionEmbeddings);
    }
    return maxPositionEmbeddings;
  }

  private static void requireFactorEach(ConfigReader fields, RopeScaling scaling, int count) {
    if (scaling instanceof RopeScaling.LongRope longRope
        && (longRope.shortFactors().size() != count || longRope.longFactors().size() != count)) {
      throw fields.invalid(
          fields.has("rope_scaling") ? "rope_scaling" : "rope_parameters",
          "short_factor and long_factor of " + count + " numbers each, half the rotated width",
          "Correct the lists, or fetch the model's original file.");
    }
  }

  private static int kvHeads(ConfigReader fields, int heads) {
    int kvHeads = fields.positiveInt("num_key_value_heads", heads);
    fields.requireDivisor("num_key_value_heads", kvHeads, "num_attention_heads", heads);
    return kvHeads;
  }

  private static int headDim(ConfigReader fields, Defaults defaults, int hiddenSize, int heads) {
    if (!fields.has("head_dim") && defaults.headDim().isEmpty() && hiddenSize % heads != 0) {
      throw fields.invalid(
          "head_dim",
          "a value, as hidden_size %s is not a multiple of num_attention_heads %s"
              .formatted(hiddenSize, heads),
          "Add head_dim, or correct one of the two.");
    }
    return fields.positiveInt("head_dim", defaults.headDim().orElse(hiddenSize / heads));
  }

  /**
   * Returns the activation. Gemma's files have {@code hidden_activation}, which takes precedence
   * over the older name.
   */
  private static String hiddenActivation(ConfigReader fields, Defaults defaults) {
    return fields
        .optionalText("hidden_activation")
        .or(() -> fields.optionalText("hidden_act"))
        .orElse(defaults.hiddenActivation());
  }

  private static int rotaryDim(ConfigReader fields, Optional<String> layerType, int headDim) {
    int rotaryDim = (int) (headDim * RopeScalingReader.partialRotaryFactor(fields, layerType));
    if (rotaryDim < 2 || rotaryDim % 2 != 0) {
      throw fields.invalid(
          "head_dim",
          ("a head width whose rotated part is even and not 0, as values are rotated in pairs;"
                  + " %s of %s would be rotated")
              .formatted(rotaryDim, headDim),
          "Correct head_dim, or hidden_size and num_attention_heads, or partial_rotary_factor.");
    }
    return rotaryDim;
  }
}

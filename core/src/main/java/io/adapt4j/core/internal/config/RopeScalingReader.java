package io.adapt4j.core.internal.config;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Reads the rotary embedding fields, which files of different ages keep in {@code rope_scaling}
 * beside {@code rope_theta}, or together in {@code rope_parameters}.
 */
final class RopeScalingReader {

  private static final double DEFAULT_BETA_FAST = 32;
  private static final double DEFAULT_BETA_SLOW = 1;

  private RopeScalingReader() {}

  /**
   * Reads the scaling of the layers of one type.
   *
   * @param layerType the type whose parameters count where a file has them by type; empty where the
   *     family has one set for all
   */
  static RopeScaling scaling(ConfigReader config, Optional<String> layerType) {
    Optional<ConfigReader> older = config.child("rope_scaling");
    if (older.isPresent()) {
      return scaling(config, older.get(), typeField(older.get()));
    }
    Optional<ConfigReader> newer = parameters(config, layerType);
    if (newer.isEmpty()) {
      return new RopeScaling.Default();
    }
    boolean typed = newer.get().has("rope_type") || newer.get().has("type");
    return typed ? scaling(config, newer.get(), typeField(newer.get())) : new RopeScaling.Default();
  }

  static double theta(ConfigReader config, Optional<String> layerType, double defaultValue) {
    return holder(config, layerType, "rope_theta").positiveNumber("rope_theta", defaultValue);
  }

  static double partialRotaryFactor(ConfigReader config, Optional<String> layerType) {
    ConfigReader holder = holder(config, layerType, "partial_rotary_factor");
    double factor = holder.positiveNumber("partial_rotary_factor", 1);
    if (factor > 1) {
      throw holder.invalid("partial_rotary_factor", "a number in (0, 1]", "Correct the value.");
    }
    return factor;
  }

  private static ConfigReader holder(
      ConfigReader config, Optional<String> layerType, String field) {
    return parameters(config, layerType).filter(inner -> inner.has(field)).orElse(config);
  }

  private static Optional<ConfigReader> parameters(
      ConfigReader config, Optional<String> layerType) {
    Optional<ConfigReader> all = config.child("rope_parameters");
    if (all.isPresent() && layerType.isEmpty()) {
      refuseSettingsPerLayer(all.get());
    }
    Optional<ConfigReader> own =
        layerType.flatMap(type -> all.flatMap(parameters -> parameters.child(type)));
    return own.isPresent() ? own : all;
  }

  private static String typeField(ConfigReader scaling) {
    return !scaling.has("rope_type") && scaling.has("type") ? "type" : "rope_type";
  }

  private static RopeScaling scaling(ConfigReader config, ConfigReader scaling, String typeField) {
    String type = scaling.requireText(typeField);
    return switch (type) {
      case "default" -> new RopeScaling.Default();
      case "linear" -> new RopeScaling.Linear(scaling.requirePositiveNumber("factor"));
      case "dynamic" -> new RopeScaling.Dynamic(scaling.requirePositiveNumber("factor"));
      case "yarn" -> yarn(scaling);
      case "llama3" -> llama3(scaling);
      case "longrope", "su" -> longRope(config, scaling);
      default ->
          throw scaling.invalid(
              typeField,
              "one of default, linear, dynamic, yarn, llama3, longrope",
              "This build does not know the rotary scaling '"
                  + type
                  + "'; use a model with one of these.");
    };
  }

  private static RopeScaling yarn(ConfigReader scaling) {
    OptionalInt original = positiveOptionalInt(scaling, "original_max_position_embeddings");
    OptionalDouble factor =
        original.isPresent() && !scaling.has("factor")
            ? OptionalDouble.empty()
            : OptionalDouble.of(scaling.requirePositiveNumber("factor"));
    double betaFast = nonZero(scaling, "beta_fast").orElse(DEFAULT_BETA_FAST);
    double betaSlow = nonZero(scaling, "beta_slow").orElse(DEFAULT_BETA_SLOW);
    return new RopeScaling.Yarn(
        factor,
        original,
        nonNegative(scaling, "attention_factor"),
        betaFast,
        betaSlow,
        nonZero(scaling, "mscale"),
        nonZero(scaling, "mscale_all_dim"),
        scaling.bool("truncate", true));
  }

  private static RopeScaling llama3(ConfigReader scaling) {
    double low = scaling.requirePositiveNumber("low_freq_factor");
    double high = scaling.requirePositiveNumber("high_freq_factor");
    if (high <= low) {
      throw scaling.invalid(
          "high_freq_factor", "a number above low_freq_factor " + low, "Correct the value.");
    }
    return new RopeScaling.Llama3(
        scaling.requirePositiveNumber("factor"),
        low,
        high,
        scaling.requirePositiveInt("original_max_position_embeddings"));
  }

  private static RopeScaling longRope(ConfigReader config, ConfigReader scaling) {
    OptionalInt original = positiveOptionalInt(config, "original_max_position_embeddings");
    return new RopeScaling.LongRope(
        scaling.positiveNumbers("short_factor"),
        scaling.positiveNumbers("long_factor"),
        original.isPresent()
            ? original
            : positiveOptionalInt(scaling, "original_max_position_embeddings"),
        scaling.optionalNumber("factor"),
        scaling.optionalNumber("attention_factor"));
  }

  /** Zero means "not set" for these fields in the reference. */
  private static OptionalDouble nonZero(ConfigReader scaling, String field) {
    OptionalDouble value = nonNegative(scaling, field);
    return value.isPresent() && value.getAsDouble() == 0 ? OptionalDouble.empty() : value;
  }

  private static OptionalDouble nonNegative(ConfigReader scaling, String field) {
    OptionalDouble value = scaling.optionalNumber(field);
    if (value.isPresent() && value.getAsDouble() < 0) {
      throw scaling.invalid(field, "a number of at least 0", "Correct the value.");
    }
    return value;
  }

  private static OptionalInt positiveOptionalInt(ConfigReader scaling, String field) {
    return scaling.has(field)
        ? OptionalInt.of(scaling.requirePositiveInt(field))
        : OptionalInt.empty();
  }

  private static void refuseSettingsPerLayer(ConfigReader parameters) {
    for (String layerType : new String[] {"full_attention", "sliding_attention"}) {
      if (parameters.has(layerType)) {
        throw parameters.invalid(
            layerType,
            "one set of rotary parameters for all layers",
            "This build does not read rotary parameters by layer type; use another model.");
      }
    }
  }
}

package io.adapt4j.core.internal.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Reads the rotary embedding fields, which depending on the file's age are in {@code rope_scaling}
 * and {@code rope_theta}, or together in {@code rope_parameters}: one object for all layers, or one
 * for each layer type.
 */
public final class RopeScalingReader {

  private static final String PARAMETERS = "rope_parameters";

  /** Layer types without rotary positions, whose parameters are ignored. */
  private static final Set<String> UNROTATED = Set.of("linear_attention", "conv", "mamba");

  private static final double DEFAULT_BETA_FAST = 32;
  private static final double DEFAULT_BETA_SLOW = 1;

  private RopeScalingReader() {}

  public static RopeScaling scaling(ConfigReader config, Optional<String> layerType) {
    Optional<ConfigReader> older = config.child("rope_scaling");
    if (older.isPresent() && ofType(config, layerType).isEmpty()) {
      return scaling(config, older.get(), typeField(older.get()));
    }
    Optional<ConfigReader> newer = parameters(config, layerType);
    if (newer.isEmpty()) {
      return new RopeScaling.Default();
    }
    boolean typed = newer.get().has("rope_type") || newer.get().has("type");
    return typed ? scaling(config, newer.get(), typeField(newer.get())) : new RopeScaling.Default();
  }

  public static double theta(ConfigReader config, Optional<String> layerType, double defaultValue) {
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
    Optional<ConfigReader> own = ofType(config, layerType);
    if (own.isPresent()) {
      return own;
    }
    Optional<ConfigReader> all = config.child(PARAMETERS);
    List<String> types = all.map(RopeScalingReader::types).orElse(List.of());
    if (types.isEmpty()) {
      return all;
    }
    requireOneSet(all.get(), types);
    return all.get().child(types.get(0));
  }

  /** Finds the rotary parameters of one layer type. */
  public static Optional<ConfigReader> ofType(ConfigReader config, Optional<String> layerType) {
    return layerType.flatMap(
        type -> config.child(PARAMETERS).flatMap(parameters -> parameters.child(type)));
  }

  /** Returns the rotated layer types with separate parameters. */
  private static List<String> types(ConfigReader parameters) {
    List<String> types = new ArrayList<>();
    for (String name : parameters.names()) {
      JsonNode value = parameters.node(name);
      if (value.isObject() && !ConfigReader.number(value).isNumber() && !UNROTATED.contains(name)) {
        types.add(name);
      }
    }
    return types;
  }

  private static String typeField(ConfigReader scaling) {
    return !scaling.has("rope_type") && scaling.has("type") ? "type" : "rope_type";
  }

  private static RopeScaling scaling(ConfigReader config, ConfigReader scaling, String typeField) {
    String type = scaling.requireText(typeField);
    // In texts, the positions of all sections are equal.
    boolean inSections = type.equals("mrope") && scaling.has("mrope_section");
    return switch (inSections ? "default" : type) {
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
        scaling.optionalNumber("attention_factor"),
        OptionalDouble.empty());
  }

  /** Reads a field in which 0 means "not set" in the reference. */
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

  private static void requireOneSet(ConfigReader parameters, List<String> types) {
    for (String type : types) {
      if (!parameters.node(type).equals(parameters.node(types.get(0)))) {
        throw parameters.invalid(
            type,
            "the same parameters as " + types.get(0),
            "All layers of this family turn alike; correct the value, or fetch the model's original"
                + " file.");
      }
    }
  }
}

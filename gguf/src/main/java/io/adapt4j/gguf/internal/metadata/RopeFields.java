package io.adapt4j.gguf.internal.metadata;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.ExtraTensor;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Mapping of RoPE scaling: metadata keys for some kinds, a tensor of frequency divisors for others.
 */
public final class RopeFields {

  /** The tensor of rotary frequency divisors. */
  public static final String DIVISORS = "rope_freqs.weight";

  /** The tensor of divisors for long texts. */
  public static final String LONG_DIVISORS = "rope_factors_long.weight";

  /** The tensor of divisors for short texts. */
  public static final String SHORT_DIVISORS = "rope_factors_short.weight";

  private static final String SCALING = "rope.scaling.";
  private static final String THETA = "rope.freq_base";
  private static final String LOG_MULTIPLIER = "yarn_log_multiplier";
  private static final double USUAL_THETA = 10_000;

  private RopeFields() {}

  /** Sets the head size in a configuration, if no key states it. */
  public static void readHeadDim(GgufMetadata metadata, String prefix, ObjectNode config) {
    if (!config.has("head_dim")) {
      int heads = Math.max(1, config.path("num_attention_heads").asInt());
      config.put("head_dim", Math.max(1, config.path("hidden_size").asInt() / heads));
    }
  }

  /** Returns the key for the absence of scaling, which some families' files have. */
  public static Field none() {
    return Field.written(
            (facts, prefix, target) -> target.string(prefix + SCALING + "type", "none"))
        .when(facts -> facts.decoder().ropeScaling() instanceof RopeScaling.Default);
  }

  /** Returns the key for the base frequency, written if it is not llama.cpp's default. */
  public static Field unusualTheta() {
    return new Field(
        (facts, prefix, target) -> {
          if (facts.decoder().ropeTheta() != USUAL_THETA) {
            target.float32(prefix + THETA, (float) facts.decoder().ropeTheta());
          }
        },
        (source, prefix, config) ->
            config.put("rope_theta", source.number(prefix + THETA).orElse(USUAL_THETA)));
  }

  /** Returns the keys of linear and YaRN scaling, as most families write them. */
  public static Field scaling() {
    return scaling(false);
  }

  /**
   * Returns the keys of linear and YaRN scaling.
   *
   * @param byAllDim whether llama.cpp reads {@code mscale_all_dim}, and assumes an mscale of 1
   */
  public static Field scaling(boolean byAllDim) {
    return new Field(
        (facts, prefix, target) -> write(facts, prefix + SCALING, target, byAllDim),
        (source, prefix, config) -> read(source, prefix, config, byAllDim));
  }

  /**
   * Returns the keys of YaRN in files with latent attention. llama.cpp scales attention by {@code
   * mscale_all_dim} there, and assumes an equal {@code mscale}.
   */
  public static Field latent() {
    return Field.written((facts, prefix, target) -> writeStretch(facts, prefix + SCALING, target));
  }

  /** Returns the key of {@code mscale_all_dim} in files with latent attention, a tenth of it. */
  public static Field latentMagnitude() {
    return new Field(
        (facts, prefix, target) -> {
          if (facts.decoder().ropeScaling() instanceof RopeScaling.Yarn yarn) {
            double magnitude = 0.1 * yarn.mscaleAllDim().orElse(0);
            target.float32(prefix + SCALING + LOG_MULTIPLIER, (float) magnitude);
          }
        },
        (source, prefix, config) -> {
          read(source, prefix, config, false);
          OptionalDouble tenth = source.number(prefix + SCALING + LOG_MULTIPLIER);
          if (tenth.isPresent() && config.path("rope_scaling") instanceof ObjectNode scaling) {
            double magnitude = Field.decimal(10 * Field.decimal(tenth.getAsDouble()));
            scaling.put("mscale", magnitude).put("mscale_all_dim", magnitude);
          }
        });
  }

  /** Returns the key of {@code mscale_all_dim}, which official files write after the others. */
  public static Field allDim() {
    return Field.written(
        (facts, prefix, target) -> {
          if (facts.decoder().ropeScaling() instanceof RopeScaling.Yarn yarn) {
            yarn.mscaleAllDim()
                .ifPresent(
                    weight -> target.float32(prefix + SCALING + LOG_MULTIPLIER, (float) weight));
          }
        });
  }

  /**
   * Returns the rotary parameters of one layer type, rejecting scaling, which files cannot hold for
   * it.
   */
  public static ConfigReader plain(ConfigReader parameters) {
    if (!parameters.optionalText("rope_type").orElse("default").equals("default")) {
      throw parameters.invalid(
          "rope_type", "default", "GGUF has no scaling for layers of one type alone.");
    }
    return parameters;
  }

  private static void write(
      Facts facts, String prefix, GgufMetadata.Builder target, boolean byAllDim) {
    writeStretch(facts, prefix, target);
    float share = attentionShare(facts.decoder(), byAllDim);
    if (share != 1) {
      target.float32(prefix + "attn_factor", share);
    }
  }

  /** Writes all keys of scaling except that of a factor on attention. */
  private static void writeStretch(Facts facts, String prefix, GgufMetadata.Builder target) {
    DecoderConfig decoder = facts.decoder();
    if (decoder.ropeScaling() instanceof RopeScaling.Linear linear) {
      target.string(prefix + "type", "linear");
      target.float32(prefix + "factor", (float) linear.factor());
    }
    if (decoder.ropeScaling() instanceof RopeScaling.Yarn yarn) {
      double factor = factor(yarn, decoder);
      target.string(prefix + "type", "yarn");
      target.float32(prefix + "factor", (float) factor);
      target.uint32(prefix + "original_context_length", original(yarn, decoder));
      yarn.attentionFactor()
          .ifPresent(own -> target.float32(prefix + "yarn_attn_factor", (float) own));
      if (states(facts, "beta_fast")) {
        target.float32(prefix + "yarn_beta_fast", (float) yarn.betaFast());
      }
      if (states(facts, "beta_slow")) {
        target.float32(prefix + "yarn_beta_slow", (float) yarn.betaSlow());
      }
    }
  }

  private static boolean states(Facts facts, String field) {
    return facts
        .fields()
        .child(facts.fields().has("rope_scaling") ? "rope_scaling" : "rope_parameters")
        .filter(scaling -> scaling.has(field))
        .isPresent();
  }

  /**
   * Returns the attention factor relative to the one llama.cpp applies itself, which is YaRN's
   * default whatever {@code yarn_attn_factor} says.
   */
  public static float attentionShare(DecoderConfig decoder) {
    return attentionShare(decoder, false);
  }

  private static float attentionShare(DecoderConfig decoder, boolean byAllDim) {
    if (!(decoder.ropeScaling() instanceof RopeScaling.Yarn yarn)) {
      return 1;
    }
    float wanted = RotaryFrequencies.of(decoder).attentionFactor();
    double allDim = byAllDim ? yarn.mscaleAllDim().orElse(0) : 0;
    float fixed = (float) fixed(factor(yarn, decoder), allDim);
    return wanted == fixed ? 1 : wanted / fixed;
  }

  private static double fixed(double factor, double allDim) {
    return magnitude(factor, 1) / (allDim == 0 ? 1 : magnitude(factor, allDim));
  }

  private static double magnitude(double factor, double weight) {
    return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
  }

  private static double factor(RopeScaling.Yarn yarn, DecoderConfig decoder) {
    return yarn.factor().orElse((double) decoder.maxPositionEmbeddings() / original(yarn, decoder));
  }

  private static int original(RopeScaling.Yarn yarn, DecoderConfig decoder) {
    return yarn.originalMaxPositionEmbeddings().orElse(decoder.maxPositionEmbeddings());
  }

  private static void read(
      GgufMetadata source, String prefix, ObjectNode config, boolean byAllDim) {
    String type = source.string(prefix + SCALING + "type").orElse("none");
    if (!type.equals("linear") && !type.equals("yarn")) {
      return;
    }
    ObjectNode scaling = JsonNodeFactory.instance.objectNode().put("rope_type", type);
    source.number(prefix + SCALING + "factor").ifPresent(value -> scaling.put("factor", value));
    source
        .integer(prefix + SCALING + "original_context_length")
        .ifPresent(value -> scaling.put("original_max_position_embeddings", value));
    double allDim = byAllDim ? source.number(prefix + SCALING + LOG_MULTIPLIER).orElse(0) : 0;
    if (allDim != 0) {
      scaling.put("mscale", 1.0).put("mscale_all_dim", allDim);
    }
    readAttentionFactor(source, prefix + SCALING, type, allDim, scaling);
    for (String beta : List.of("beta_fast", "beta_slow")) {
      source.number(prefix + SCALING + "yarn_" + beta).ifPresent(value -> scaling.put(beta, value));
    }
    config.set("rope_scaling", scaling);
  }

  private static void readAttentionFactor(
      GgufMetadata source, String prefix, String type, double allDim, ObjectNode scaling) {
    OptionalDouble whole = source.number(prefix + "yarn_attn_factor");
    OptionalDouble share = source.number(prefix + "attn_factor");
    if (whole.isPresent()) {
      scaling.put("attention_factor", whole.getAsDouble());
    } else if (share.isPresent() && type.equals("yarn")) {
      double factor = source.number(prefix + "factor").orElse(1);
      scaling.put("attention_factor", share.getAsDouble() * fixed(factor, allDim));
    }
  }

  /**
   * Returns the frequency divisors of Llama 3's scaling, the tensor {@code rope_freqs.weight}.
   * Divides by multiplying with the reciprocal, as PyTorch does in the official converter.
   */
  public static List<ExtraTensor> llama3(DecoderConfig decoder) {
    if (!(decoder.ropeScaling() instanceof RopeScaling.Llama3 llama3)) {
      return List.of();
    }
    int dim = decoder.headDim();
    float factor = (float) llama3.factor();
    int context = llama3.originalMaxPositionEmbeddings();
    double longest = context / llama3.lowFreqFactor();
    double shortest = context / llama3.highFreqFactor();
    float[] divisors = new float[dim / 2];
    for (int i = 0; i < divisors.length; i++) {
      float power = (float) Math.pow((float) decoder.ropeTheta(), (float) (2 * i) / dim);
      float frequency = 1f / power;
      float wavelength = 1 / frequency * (float) (2 * Math.PI);
      if (wavelength < shortest) {
        divisors[i] = 1;
      } else if (wavelength > longest) {
        divisors[i] = factor;
      } else {
        float kept =
            (1 / wavelength * context - (float) llama3.lowFreqFactor())
                / (float) (llama3.highFreqFactor() - llama3.lowFreqFactor());
        divisors[i] = 1 / ((1 - kept) / factor + kept);
      }
    }
    return List.of(new ExtraTensor(DIVISORS, divisors));
  }

  /**
   * Returns {@code rope_scaling} for a file's divisors. The original scaling cannot be recovered;
   * LongRoPE with these factors at every length is equivalent.
   */
  public static ObjectNode scalingOf(float[] divisors, long contextLength) {
    ArrayNode factors = JsonNodeFactory.instance.arrayNode();
    for (float divisor : divisors) {
      factors.add(divisor);
    }
    ObjectNode scaling = JsonNodeFactory.instance.objectNode();
    scaling.put("rope_type", "longrope");
    scaling.set("short_factor", factors);
    scaling.set("long_factor", factors.deepCopy());
    scaling.put("attention_factor", 1.0);
    scaling.put("original_max_position_embeddings", contextLength);
    return scaling;
  }
}

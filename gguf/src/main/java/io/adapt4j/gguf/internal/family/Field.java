package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;

/** One or a few keys of a family's metadata, in both directions. */
record Field(Writer writer, Reader reader) {

  /** Names of GELU by its approximation with a hyperbolic tangent. */
  private static final Set<String> APPROXIMATE =
      Set.of("gelu_new", "gelu_fast", "gelu_pytorch_tanh");

  /** Names of GELU in both kinds. */
  static final Set<String> GELU = Set.of("gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh");

  private static final String ACTIVATION = "adapt4j.activation";

  /** Writes keys. */
  @FunctionalInterface
  interface Writer {
    void write(Facts facts, String prefix, GgufMetadata.Builder target);
  }

  /** Reads keys. */
  @FunctionalInterface
  interface Reader {
    void read(GgufMetadata source, String prefix, ObjectNode config);
  }

  /** An integer that is a field of the configuration. */
  static Field integer(String key, String field, ToIntFunction<Facts> value) {
    return new Field(
        (facts, prefix, target) -> target.uint32(prefix + key, value.applyAsInt(facts)),
        (source, prefix, config) ->
            source.integer(prefix + key).ifPresent(found -> config.put(field, found)));
  }

  /** A number that is a field of the configuration. */
  static Field number(String key, String field, ToDoubleFunction<Facts> value) {
    return new Field(
        (facts, prefix, target) -> target.float32(prefix + key, (float) value.applyAsDouble(facts)),
        (source, prefix, config) ->
            source.number(prefix + key).ifPresent(found -> config.put(field, decimal(found))));
  }

  /** A truth value that is a field of the configuration. */
  static Field flag(String key, String field, Predicate<Facts> value) {
    return new Field(
        (facts, prefix, target) -> target.bool(prefix + key, value.test(facts)),
        (source, prefix, config) ->
            source.bool(prefix + key).ifPresent(found -> config.put(field, found)));
  }

  /** An integer that follows from fields which other keys stand for. */
  static Field derived(String key, ToIntFunction<Facts> value) {
    return new Field(
        (facts, prefix, target) -> target.uint32(prefix + key, value.applyAsInt(facts)),
        (source, prefix, config) -> {});
  }

  /**
   * The activation, which files have no key for since llama.cpp has one kind of GELU only. A key of
   * this library says that a model has the other kind.
   */
  static Field activation(String field, String usual, Function<Facts, String> value) {
    return new Field(
        (facts, prefix, target) -> {
          String own = value.apply(facts);
          if (APPROXIMATE.contains(own) != APPROXIMATE.contains(usual)) {
            target.string(ACTIVATION, own);
          }
        },
        (source, prefix, config) ->
            config.put(field, source.string(ACTIVATION).filter(GELU::contains).orElse(usual)));
  }

  /** The key by which official files say that texts do not begin with a token. */
  static Field withoutBeginning() {
    return new Field(
        (facts, prefix, target) -> target.bool("tokenizer.ggml.add_bos_token", false),
        (source, prefix, config) -> {});
  }

  /** This field, written for some models only. */
  Field when(Predicate<Facts> condition) {
    return new Field(
        (facts, prefix, target) -> {
          if (condition.test(facts)) {
            writer.write(facts, prefix, target);
          }
        },
        reader);
  }

  /** The decimal number that a file's fp32 was written for, rather than its exact value. */
  static double decimal(double value) {
    return Double.parseDouble(Float.toString((float) value));
  }
}

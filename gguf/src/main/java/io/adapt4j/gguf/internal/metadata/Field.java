package io.adapt4j.gguf.internal.metadata;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;

/**
 * A mapping between one or more metadata keys and fields of {@code config.json}, in both
 * directions.
 */
public record Field(Writer writer, Reader reader) {

  /** Names of GELU's tanh approximation. */
  private static final Set<String> APPROXIMATE =
      Set.of("gelu_new", "gelu_fast", "gelu_pytorch_tanh");

  /** Names of exact and approximate GELU. */
  public static final Set<String> GELU =
      Set.of("gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh");

  private static final String ACTIVATION = "adapt4j.activation";

  /** Writes keys. */
  @FunctionalInterface
  public interface Writer {
    /** Writes the keys of a model. */
    void write(Facts facts, String prefix, GgufMetadata.Builder target);
  }

  /** Reads keys. */
  @FunctionalInterface
  public interface Reader {
    /** Sets the fields that a file states. */
    void read(GgufMetadata source, String prefix, ObjectNode config);
  }

  /** Writes keys that are ignored on reading. */
  public static Field written(Writer writer) {
    return new Field(writer, (source, prefix, config) -> {});
  }

  /** Reads keys that are not written. */
  public static Field read(Reader reader) {
    return new Field((facts, prefix, target) -> {}, reader);
  }

  /** Maps an integer field of the configuration. */
  public static Field integer(String key, String field, ToIntFunction<Facts> value) {
    return new Field(
        (facts, prefix, target) -> target.uint32(prefix + key, value.applyAsInt(facts)),
        (source, prefix, config) ->
            source.integer(prefix + key).ifPresent(found -> config.put(field, found)));
  }

  /** Maps a floating-point field of the configuration. */
  public static Field number(String key, String field, ToDoubleFunction<Facts> value) {
    return new Field(
        (facts, prefix, target) -> target.float32(prefix + key, (float) value.applyAsDouble(facts)),
        (source, prefix, config) ->
            source.number(prefix + key).ifPresent(found -> config.put(field, decimal(found))));
  }

  /** Maps a boolean field of the configuration. */
  public static Field flag(String key, String field, Predicate<Facts> value) {
    return new Field(
        (facts, prefix, target) -> target.bool(prefix + key, value.test(facts)),
        (source, prefix, config) ->
            source.bool(prefix + key).ifPresent(found -> config.put(field, found)));
  }

  /** Writes an integer derived from fields that have their own keys; ignored on reading. */
  public static Field derived(String key, ToIntFunction<Facts> value) {
    return written((facts, prefix, target) -> target.uint32(prefix + key, value.applyAsInt(facts)));
  }

  /** Maps an integer field that a configuration must have. */
  public static Field integer(String key, String field) {
    return integer(key, field, facts -> facts.fields().requirePositiveInt(field));
  }

  /** Maps an integer field with a default. */
  public static Field integer(String key, String field, int absent) {
    return integer(key, field, facts -> facts.fields().positiveInt(field, absent));
  }

  /** Maps a floating-point field with a default. */
  public static Field number(String key, String field, double absent) {
    return number(key, field, facts -> facts.fields().positiveNumber(field, absent));
  }

  /**
   * Maps the activation. GGUF has no key for it since llama.cpp implements one variant of GELU
   * only; a key of this library marks models with the other variant.
   */
  public static Field activation(String field, String usual) {
    return activation(field, usual, facts -> facts.decoder().hiddenActivation());
  }

  /** Maps the activation that a function of the configuration returns. */
  public static Field activation(String field, String usual, Function<Facts, String> value) {
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

  /** Returns the key by which official files state that no beginning-of-text token is added. */
  public static Field withoutBeginning() {
    return written((facts, prefix, target) -> target.bool("tokenizer.ggml.add_bos_token", false));
  }

  /** Returns this field, written only for models that satisfy a condition. */
  public Field when(Predicate<Facts> condition) {
    return new Field(
        (facts, prefix, target) -> {
          if (condition.test(facts)) {
            writer.write(facts, prefix, target);
          }
        },
        reader);
  }

  /**
   * Returns the shortest decimal that rounds to a file's fp32 value, rather than its exact value.
   */
  public static double decimal(double value) {
    return Double.parseDouble(Float.toString((float) value));
  }
}

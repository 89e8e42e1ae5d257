package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;

/**
 * One or a few keys of a family's metadata, in both directions.
 *
 * @param writer writes the keys of a model
 * @param reader sets the fields of {@code config.json} that the keys stand for
 */
record Field(Writer writer, Reader reader) {

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
  private static double decimal(double value) {
    return Double.parseDouble(Float.toString((float) value));
  }
}

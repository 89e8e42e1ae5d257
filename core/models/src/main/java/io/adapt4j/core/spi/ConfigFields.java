package io.adapt4j.core.spi;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The fields of a {@code config.json}, read-only. A field that is null counts as absent. All
 * methods but {@link #has} throw {@link io.adapt4j.core.exception.CheckpointException} if a field
 * is of another type; the message names file, field and value. Thread-safe.
 */
public interface ConfigFields {

  /**
   * Returns whether a field is present and not null.
   *
   * @param field its name
   * @return whether it has a value
   */
  boolean has(String field);

  /**
   * Reads an integer.
   *
   * @return its value in the range of int; empty if it is absent
   */
  OptionalInt integer(String field);

  /**
   * Reads a number.
   *
   * @return its value, finite; empty if it is absent
   */
  OptionalDouble number(String field);

  /**
   * Reads a text.
   *
   * @return its value; empty if it is absent
   */
  Optional<String> text(String field);

  /**
   * Reads a boolean.
   *
   * @return its value; empty if it is absent
   */
  Optional<Boolean> flag(String field);

  /**
   * Reads a list of texts.
   *
   * @return its values; none if it is absent
   */
  List<String> texts(String field);

  /**
   * Reads a list of integers, or a single one.
   *
   * @return its values; none if it is absent
   */
  List<Integer> integers(String field);

  /**
   * Reads an object within this one.
   *
   * @return its fields; empty if it is absent
   */
  Optional<ConfigFields> object(String field);

  /**
   * Creates the exception for a field whose value cannot be used.
   *
   * @param expected the expected value, such as {@code a number above 0}
   * @param remedy a sentence with the remedy
   * @return the exception, to be thrown
   */
  RuntimeException invalid(String field, String expected, String remedy);
}

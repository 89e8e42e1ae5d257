package io.adapt4j.rag.spi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Condition on a document's metadata, required for its chunks to be found. */
public sealed interface Filter {

  /**
   * Requires a field to have this value.
   *
   * @param field its name
   * @param value String, Boolean, Long or Double
   */
  record Equal(String field, Object value) implements Filter {}

  /**
   * Requires a field to have one of these values.
   *
   * @param field its name
   * @param values all of one type
   */
  record In(String field, List<?> values) implements Filter {}

  /**
   * Requires a number or, in order of UTF-8 bytes, a text to be within bounds.
   *
   * @param field its name
   * @param least inclusive lower bound; null for none
   * @param most inclusive upper bound; null for none
   */
  record Between(String field, @Nullable Object least, @Nullable Object most) implements Filter {}

  /**
   * Requires all of these.
   *
   * @param filters at least one
   */
  record And(List<Filter> filters) implements Filter {}

  /**
   * Requires at least one of these.
   *
   * @param filters at least one
   */
  record Or(List<Filter> filters) implements Filter {}

  /**
   * Requires that a filter does not match. A document without the field is found.
   *
   * @param filter the filter that must not match
   */
  record Not(Filter filter) implements Filter {}
}

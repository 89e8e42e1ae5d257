package io.adapt4j.rag.spi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the metadata of a document must say for its chunks to be found. */
public sealed interface Filter {

  /**
   * A field has this value.
   *
   * @param field its name
   * @param value String, Boolean, Long or Double
   */
  record Equal(String field, Object value) implements Filter {}

  /**
   * A field has one of these values.
   *
   * @param field its name
   * @param values all of one type
   */
  record In(String field, List<?> values) implements Filter {}

  /**
   * A number lies between two, or a text does in the order of its UTF-8 bytes.
   *
   * @param field its name
   * @param least the smallest allowed; null for no limit
   * @param most the largest allowed; null for no limit
   */
  record Between(String field, @Nullable Object least, @Nullable Object most) implements Filter {}

  /**
   * All of these hold.
   *
   * @param filters at least one
   */
  record And(List<Filter> filters) implements Filter {}

  /**
   * One of these holds, or more.
   *
   * @param filters at least one
   */
  record Or(List<Filter> filters) implements Filter {}

  /**
   * This does not hold. A document without the field is found.
   *
   * @param filter what must not hold
   */
  record Not(Filter filter) implements Filter {}
}

package io.adapt4j.rag.document;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * A text to search in.
 *
 * @param id names it among all others, such as its path below the folder it came from
 * @param title what people call it; may be empty
 * @param text its whole text, to which the spans of its chunks and citations refer
 * @param metadata what is known about it, by field: String, Boolean, Long or Double values
 */
public record Document(String id, String title, String text, Map<String, Object> metadata) {

  /**
   * Makes a document. Integer values become Long, Float ones Double.
   *
   * @param id names it among all others
   * @param title what people call it
   * @param text its whole text
   * @param metadata what is known about it
   * @throws IllegalArgumentException if the id is blank, a field's name is, or a value is of
   *     another type or not a finite number
   */
  public Document {
    Objects.requireNonNull(title, "title");
    Objects.requireNonNull(text, "text");
    if (id.isBlank()) {
      throw new IllegalArgumentException("id: expected a name, found '" + id + "'");
    }
    Map<String, Object> plain = new TreeMap<>();
    metadata.forEach((field, value) -> plain.put(named(field), plain(field, value)));
    metadata = Collections.unmodifiableMap(plain);
  }

  /**
   * Makes a document without title or metadata.
   *
   * @param id names it among all others
   * @param text its whole text
   * @return the document
   */
  public static Document of(String id, String text) {
    return new Document(id, "", text, Map.of());
  }

  private static String named(String field) {
    if (field.isBlank()) {
      throw new IllegalArgumentException(
          "metadata: expected a field's name, found '" + field + "'");
    }
    return field;
  }

  private static Object plain(String field, Object value) {
    if (value instanceof Integer number) {
      return number.longValue();
    }
    if (value instanceof Float number) {
      return plain(field, number.doubleValue());
    }
    boolean known = value instanceof String || value instanceof Boolean || value instanceof Long;
    if (known || (value instanceof Double number && Double.isFinite(number))) {
      return value;
    }
    throw new IllegalArgumentException(
        "metadata: field '"
            + field
            + "': expected a String, Boolean, Long or finite Double, found "
            + value);
  }
}

package io.adapt4j.rag.index;

import io.adapt4j.core.internal.UnpairedSurrogates;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/** Conversion of values for PostgreSQL. */
final class PostgresText {

  private PostgresText() {}

  /**
   * Returns a text of the same length without what the server cannot store: the character 0, which
   * becomes U+FFFD, and halves of surrogate pairs, which become question marks.
   */
  static String storable(String text) {
    String valid =
        UnpairedSurrogates.indexIn(text) < 0
            ? text
            : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    return valid.replace('\0', '\uFFFD');
  }

  /** Returns metadata as JSON, replacing the character 0 before it is escaped. */
  static String json(Map<String, Object> metadata) {
    Map<String, Object> storable = new TreeMap<>();
    metadata.forEach(
        (field, value) ->
            storable.put(storable(field), value instanceof String text ? storable(text) : value));
    return MetadataJson.write(storable);
  }

  static String vector(float[] unit) {
    StringBuilder text = new StringBuilder(unit.length * 12).append('[');
    for (int i = 0; i < unit.length; i++) {
      text.append(i == 0 ? "" : ",").append(unit[i]);
    }
    return text.append(']').toString();
  }

  /** Parses a vector in the server's format: numbers in brackets. */
  static float[] vector(String text) {
    String[] entries = text.substring(1, text.length() - 1).split(",", -1);
    float[] vector = new float[entries.length];
    for (int i = 0; i < entries.length; i++) {
      vector[i] = Float.parseFloat(entries[i]);
    }
    return vector;
  }

  /** Quotes a lexeme for a full-text query. */
  static String quoted(String lexeme) {
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'";
  }
}

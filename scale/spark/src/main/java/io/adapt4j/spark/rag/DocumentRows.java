package io.adapt4j.spark.rag;

import io.adapt4j.rag.document.Document;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * Converts rows to documents.
 *
 * @param title column of titles, or -1
 */
record DocumentRows(int id, int text, int title, List<Field> metadata) implements Serializable {

  /** A metadata column. */
  record Field(String name, int column) implements Serializable {}

  static DocumentRows of(StructType schema, List<String> metadata) {
    List<String> names = List.of(schema.fieldNames());
    for (String needed : List.of("id", "text")) {
      if (!names.contains(needed)) {
        throw new IllegalArgumentException(
            "documents: expected the columns id and text, found " + names);
      }
    }
    return new DocumentRows(
        schema.fieldIndex("id"),
        schema.fieldIndex("text"),
        names.indexOf("title"),
        List.copyOf(
            metadata.stream().map(name -> new Field(name, schema.fieldIndex(name))).toList()));
  }

  boolean hasInput(Row row) {
    return !row.isNullAt(id) && !row.isNullAt(text);
  }

  Document document(Row row) {
    Map<String, Object> known = new LinkedHashMap<>();
    for (Field field : metadata) {
      Object value = row.get(field.column());
      if (value != null) {
        known.put(field.name(), value);
      }
    }
    String name = title < 0 || row.isNullAt(title) ? "" : row.getString(title);
    return new Document(String.valueOf(row.get(id)), name, row.getString(text), known);
  }
}

package io.adapt4j.eval.task;

import io.adapt4j.core.data.DatasetReader;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.data.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Converts the rows of a file. */
final class TaskRows {

  private TaskRows() {}

  /** Converts a row. */
  @FunctionalInterface
  interface Maker<T> {
    T make(int row, Row fields);
  }

  static <T> List<T> read(DatasetReader reader, Maker<T> maker) {
    FileDataset rows = reader.map(row -> new Example.Text("row")).open();
    List<T> made = new ArrayList<>(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      try {
        made.add(maker.make(i, rows.source(i).orElseThrow()));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(rows.locate(i) + ": " + e.getMessage(), e);
      }
    }
    return made;
  }

  static List<String> texts(Row row, String field) {
    return texts(row.value(field), field);
  }

  static List<String> texts(@Nullable Object value, String field) {
    if (!(value instanceof List<?> list) || list.isEmpty()) {
      throw wrong(field, "a list of texts", value);
    }
    return list.stream().map(element -> text(element, field)).toList();
  }

  /** A field that is a text, or a list of texts. */
  static List<String> oneOrMore(Row row, String field) {
    return row.value(field) instanceof List<?> ? texts(row, field) : List.of(row.text(field));
  }

  static String text(@Nullable Object value, String field) {
    if (value == null || value instanceof List<?> || value instanceof Map<?, ?>) {
      throw wrong(field, "a text", value);
    }
    return value.toString();
  }

  static int number(@Nullable Object value, String field) {
    if (value instanceof Number number) {
      return number.intValue();
    }
    try {
      return Integer.parseInt(String.valueOf(value).strip());
    } catch (NumberFormatException e) {
      throw wrong(field, "a whole number", value);
    }
  }

  static Map<?, ?> object(@Nullable Object value, String field) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw wrong(field, "an object", value);
  }

  static IllegalArgumentException wrong(String field, String expected, @Nullable Object found) {
    return new IllegalArgumentException(
        "field '" + field + "': expected " + expected + ", found " + found);
  }
}

package io.adapt4j.upkeep.drift;

import io.adapt4j.core.data.Row;
import io.adapt4j.core.internal.describe.Nearest;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Values of fields, and the kinds of fields that rows have. */
final class Fields {

  /** Distinct numbers up to which a field is a category, such as a rating. */
  private static final int FEW_NUMBERS = 10;

  /** Distinct texts up to which a field is a category, if rows share them. */
  private static final int FEW_TEXTS = 200;

  private static final int SHARED_BY = 5;

  private static final String MISSING = "(missing)";

  private Fields() {}

  /** Test of a field. */
  enum Kind {
    TEXT,
    NUMBER,
    CATEGORY
  }

  /** Recognizes the fields that can be tested; identifiers, lists and objects are left out. */
  static Map<String, Kind> detect(List<Row> rows) {
    Map<String, Kind> kinds = new LinkedHashMap<>();
    Set<String> names = new LinkedHashSet<>();
    rows.forEach(row -> names.addAll(row.fields()));
    for (String name : names) {
      Kind kind = kind(name, rows);
      if (kind != null) {
        kinds.put(name, kind);
      }
    }
    return kinds;
  }

  private static @Nullable Kind kind(String name, List<Row> rows) {
    Set<Object> distinct = new HashSet<>();
    boolean numbers = true;
    boolean simple = true;
    boolean words = false;
    int present = 0;
    for (Row row : rows) {
      Object value = row.value(name);
      if (value != null) {
        present++;
        distinct.add(value);
        numbers &= value instanceof Number;
        simple &= value instanceof Number || value instanceof Boolean || value instanceof String;
        words |= value instanceof String text && text.strip().contains(" ");
      }
    }
    if (!simple || present == 0) {
      return null;
    }
    if (numbers) {
      return distinct.size() <= FEW_NUMBERS ? Kind.CATEGORY : Kind.NUMBER;
    }
    if (distinct.size() <= FEW_TEXTS && distinct.size() * SHARED_BY <= present) {
      return Kind.CATEGORY;
    }
    return words ? Kind.TEXT : null;
  }

  /** Requires that a field has a value somewhere. */
  static void require(String field, List<Row> rows) {
    if (rows.stream().noneMatch(row -> row.has(field))) {
      Set<String> known = new TreeSet<>();
      rows.forEach(row -> known.addAll(row.fields()));
      throw new IllegalArgumentException(
          "no row has a value in the field '%s'; the rows have the fields %s.%s"
              .formatted(
                  field,
                  known,
                  Nearest.to(field, known)
                      .map(near -> " Did you mean '" + near + "'?")
                      .orElse(" Name one of these.")));
    }
  }

  /** Texts of a field; a missing one is empty. */
  static List<String> texts(String field, List<Row> rows) {
    return rows.stream().map(row -> text(field, row)).toList();
  }

  static String text(String field, Row row) {
    return row.has(field) ? row.text(field) : "";
  }

  /** Values of a field as categories; a missing one is a category too. */
  static List<String> categories(String field, List<Row> rows) {
    return rows.stream()
        .map(row -> row.has(field) ? String.valueOf(row.value(field)) : MISSING)
        .toList();
  }

  /** Whether a field is there, as categories. */
  static List<String> presence(String field, List<Row> rows) {
    return rows.stream().map(row -> String.valueOf(row.has(field))).toList();
  }

  static double[] numbers(String field, List<Row> rows) {
    return rows.stream()
        .filter(row -> row.has(field))
        .mapToDouble(row -> number(field, row.text(field)))
        .toArray();
  }

  private static double number(String field, String text) {
    try {
      double number = Double.parseDouble(text);
      if (Double.isFinite(number)) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Falls through to the message, which says more.
    }
    throw new IllegalArgumentException(
        "field '%s': expected a finite number, found '%s'. Test it as a category instead."
            .formatted(field, text));
  }
}

package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The original fields of a row. Values are as in JSON; in CSV files and plain text all are strings.
 * Immutable.
 */
public final class Row {

  private final ObjectNode object;

  Row(ObjectNode object) {
    this.object = object;
  }

  /**
   * Creates a row, for a dataset that does not come from a file.
   *
   * @param fields values by name: strings, numbers, booleans, null, lists or maps of these
   * @return the row
   * @throws IllegalArgumentException if a value has another type
   */
  public static Row of(Map<String, ?> fields) {
    return new Row(PlainJson.object(fields));
  }

  /** Returns the fields with one added or replaced. */
  Row with(String field, JsonNode value) {
    ObjectNode changed = JsonNodeFactory.instance.objectNode();
    changed.setAll(object);
    changed.set(field, value);
    return new Row(changed);
  }

  /** {@return the names of the fields, in the order of the file} */
  public Set<String> fields() {
    Set<String> names = new LinkedHashSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return Collections.unmodifiableSet(names);
  }

  /**
   * Returns whether there is a field with a value other than null.
   *
   * @param field its name
   * @return whether there is
   */
  public boolean has(String field) {
    return object.hasNonNull(field);
  }

  /**
   * Returns the text of a field; numbers and booleans are converted to strings.
   *
   * @return the text
   * @throws IllegalArgumentException if the field is missing, null, a list or an object
   */
  public String text(String field) {
    JsonNode value = object.path(field);
    if (!value.isValueNode() || value.isNull()) {
      throw new IllegalArgumentException(
          "field '%s': expected a text, found %s; the row has the fields %s"
              .formatted(field, RowProblem.quote(value), fields()));
    }
    return value.asText();
  }

  /**
   * Returns the value of a field.
   *
   * @return a string, a {@link Long} or {@link BigDecimal}, a boolean, a list, a map, or null if
   *     the field is null or missing
   */
  public @Nullable Object value(String field) {
    return plain(object.path(field));
  }

  /** Rows with equal fields are equal, regardless of their order. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Row row && object.equals(row.object);
  }

  @Override
  public int hashCode() {
    return object.hashCode();
  }

  /** Returns the row as JSON on one line. */
  @Override
  public String toString() {
    return Json.compact(object);
  }

  JsonNode node(String field) {
    return object.path(field);
  }

  static @Nullable Object plain(JsonNode value) {
    if (value.isObject()) {
      Map<String, Object> map = new LinkedHashMap<>();
      value.properties().forEach(field -> map.put(field.getKey(), plain(field.getValue())));
      return Collections.unmodifiableMap(map);
    }
    if (value.isArray()) {
      List<Object> list = new ArrayList<>();
      value.forEach(element -> list.add(plain(element)));
      return Collections.unmodifiableList(list);
    }
    if (value.isTextual()) {
      return value.textValue();
    }
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return value.longValue();
    }
    return value.isNumber() ? value.decimalValue() : null;
  }
}

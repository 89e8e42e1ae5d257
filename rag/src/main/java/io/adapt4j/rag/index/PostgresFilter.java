package io.adapt4j.rag.index;

import io.adapt4j.rag.spi.Filter;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Conversion of a filter to an SQL condition on the column {@code metadata}. Field names and values
 * are always parameters; the text consists of constants.
 */
final class PostgresFilter {

  private final StringBuilder sql = new StringBuilder();
  private final List<Object> parameters = new ArrayList<>();

  PostgresFilter(Filter filter) {
    add(filter);
  }

  String sql() {
    return sql.toString();
  }

  /** Returns the parameters in order: Strings, Booleans, BigDecimals and arrays of these. */
  List<Object> parameters() {
    return parameters;
  }

  private void add(Filter filter) {
    if (filter instanceof Filter.Equal equal) {
      addContained(equal.field(), FilterCheck.value(equal.field(), equal.value()));
    } else if (filter instanceof Filter.In in) {
      addIn(in);
    } else if (filter instanceof Filter.Between between) {
      addBetween(between);
    } else if (filter instanceof Filter.And and) {
      addAll(and.filters(), " AND ");
    } else if (filter instanceof Filter.Or or) {
      addAll(or.filters(), " OR ");
    } else if (filter instanceof Filter.Not not) {
      sql.append("(NOT coalesce(");
      add(not.filter());
      sql.append(", false))");
    }
  }

  private void addAll(List<Filter> filters, String between) {
    sql.append('(');
    for (int i = 0; i < filters.size(); i++) {
      sql.append(i == 0 ? "" : between);
      add(filters.get(i));
    }
    sql.append(')');
  }

  /** Adds a containment test, which uses the metadata index and compares numbers by value. */
  private void addContained(String field, Object value) {
    sql.append("metadata @> jsonb_build_object(?::text, ?::").append(type(value)).append(')');
    parameters.add(PostgresText.storable(field));
    parameters.add(parameter(value));
  }

  private static String type(Object value) {
    if (value instanceof Boolean) {
      return "boolean";
    }
    return value instanceof Number ? "numeric" : "text";
  }

  private static Object parameter(Object value) {
    if (value instanceof Long number) {
      return BigDecimal.valueOf(number);
    }
    // Same as MetadataJson: the shortest decimal that parses as this Double.
    if (value instanceof Double number) {
      return BigDecimal.valueOf(number);
    }
    return value instanceof String text ? PostgresText.storable(text) : value;
  }

  private void addIn(Filter.In in) {
    List<Object> values =
        in.values().stream().map(value -> FilterCheck.value(in.field(), value)).toList();
    if (values.isEmpty()) {
      sql.append("false");
      return;
    }
    String type = type(values.get(0));
    sql.append("(metadata -> ?::text) IN (SELECT to_jsonb(one) FROM unnest(?::")
        .append(type)
        .append("[]) AS one)");
    parameters.add(PostgresText.storable(in.field()));
    parameters.add(
        values.stream()
            .map(PostgresFilter::parameter)
            .collect(Collectors.toList())
            .toArray(array(type)));
  }

  private static Object[] array(String type) {
    return switch (type) {
      case "boolean" -> new Boolean[0];
      case "numeric" -> new BigDecimal[0];
      default -> new String[0];
    };
  }

  private void addBetween(Filter.Between between) {
    Object some = between.least() == null ? between.most() : between.least();
    boolean texts = some instanceof String;
    // CASE, since the server might otherwise cast before it checks the type.
    sql.append("(CASE WHEN jsonb_typeof(metadata -> ?::text) = ")
        .append(texts ? "'string'" : "'number'")
        .append(" THEN true");
    parameters.add(PostgresText.storable(between.field()));
    addLimit(between.field(), texts, " >= ", between.least());
    addLimit(between.field(), texts, " <= ", between.most());
    sql.append(" ELSE false END)");
  }

  private void addLimit(String field, boolean texts, String comparison, @Nullable Object limit) {
    if (limit == null) {
      return;
    }
    sql.append(" AND (metadata ->> ?::text)")
        .append(texts ? " COLLATE \"C\"" : "::numeric")
        .append(comparison)
        .append(texts ? "?::text" : "?::numeric");
    parameters.add(PostgresText.storable(field));
    parameters.add(parameter(FilterCheck.value(field, limit)));
  }
}

package io.adapt4j.rag.index;

import io.adapt4j.rag.spi.Filter;
import java.util.List;

/** Validation of filters, and conversion of their values to metadata types. */
final class FilterCheck {

  /** Limit of conditions: Lucene accepts 1024 clauses, of which a condition may need three. */
  private static final int MOST_CONDITIONS = 150;

  private FilterCheck() {}

  static void check(Filter filter) {
    int conditions = count(filter);
    if (conditions > MOST_CONDITIONS) {
      throw new IllegalArgumentException(
          "filter: expected at most %s conditions, found %s; one In takes any number of values"
              .formatted(MOST_CONDITIONS, conditions));
    }
    checkPart(filter);
  }

  private static int count(Filter filter) {
    if (filter instanceof Filter.And and) {
      return 1 + and.filters().stream().mapToInt(FilterCheck::count).sum();
    }
    if (filter instanceof Filter.Or or) {
      return 1 + or.filters().stream().mapToInt(FilterCheck::count).sum();
    }
    return filter instanceof Filter.Not not ? 1 + count(not.filter()) : 1;
  }

  private static void checkPart(Filter filter) {
    if (filter instanceof Filter.Equal equal) {
      value(equal.field(), equal.value());
    } else if (filter instanceof Filter.In in) {
      checkValues(in);
    } else if (filter instanceof Filter.Between between) {
      checkLimits(between);
    } else if (filter instanceof Filter.And and) {
      checkParts("And", and.filters());
    } else if (filter instanceof Filter.Or or) {
      checkParts("Or", or.filters());
    } else if (filter instanceof Filter.Not not) {
      checkPart(not.filter());
    }
  }

  private static void checkParts(String name, List<Filter> parts) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("filter " + name + ": expected at least one filter");
    }
    parts.forEach(FilterCheck::checkPart);
  }

  private static void checkValues(Filter.In in) {
    long kinds =
        in.values().stream().map(value -> kind(value(in.field(), value))).distinct().count();
    if (kinds > 1) {
      throw new IllegalArgumentException(
          "filter on '" + in.field() + "': expected values of one type, found " + in.values());
    }
  }

  private static void checkLimits(Filter.Between between) {
    Object least = between.least();
    Object most = between.most();
    if (least == null && most == null) {
      throw new IllegalArgumentException(
          "filter on '" + between.field() + "': expected a smallest or a largest value");
    }
    for (Object limit : new Object[] {least, most}) {
      if (limit != null && value(between.field(), limit) instanceof Boolean) {
        throw new IllegalArgumentException(
            "filter on '" + between.field() + "': truth values have no order; use Equal");
      }
    }
    if (least != null
        && most != null
        && kind(value(between.field(), least)) != kind(value(between.field(), most))) {
      throw new IllegalArgumentException(
          "filter on '%s': expected two texts or two numbers, found %s and %s"
              .formatted(between.field(), least, most));
    }
  }

  /** Returns a value's kind; Long and Double are one kind, as numbers are compared by value. */
  private static Class<?> kind(Object value) {
    return value instanceof Number ? Number.class : value.getClass();
  }

  /** Returns a value in its metadata type. */
  static Object value(String field, Object value) {
    if (value instanceof Integer number) {
      return number.longValue();
    }
    if (value instanceof Float number) {
      return value(field, number.doubleValue());
    }
    boolean known = value instanceof String || value instanceof Boolean || value instanceof Long;
    if (known || (value instanceof Double number && Double.isFinite(number))) {
      return value;
    }
    throw new IllegalArgumentException(
        "filter on '%s': expected a String, Boolean, Long or finite Double, found %s"
            .formatted(field, value));
  }
}

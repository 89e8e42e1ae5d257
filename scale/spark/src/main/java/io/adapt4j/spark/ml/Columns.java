package io.adapt4j.spark.ml;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.apache.spark.ml.param.Param;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Checks of the columns of a DataFrame. */
final class Columns {

  private Columns() {}

  static void requireText(StructType schema, Param<String> param, String column) {
    require(schema, param, column, "a string", type -> type.equals(DataTypes.StringType));
  }

  static void require(
      StructType schema,
      Param<String> param,
      String column,
      String expected,
      Predicate<DataType> fits) {
    List<String> names = Arrays.asList(schema.fieldNames());
    if (!names.contains(column)) {
      throw new IllegalArgumentException(
          "%s: expected the name of a column, found '%s'; the columns are %s"
              .formatted(param, column, names));
    }
    DataType type = schema.apply(column).dataType();
    if (!fits.test(type)) {
      throw new IllegalArgumentException(
          "%s: expected %s in column '%s', found %s"
              .formatted(param, expected, column, type.simpleString()));
    }
  }

  /** Adds a new column. */
  static StructType with(StructType schema, Param<String> param, String column, DataType type) {
    // Case-insensitive, as Spark resolves names.
    for (String name : schema.fieldNames()) {
      if (name.equalsIgnoreCase(column)) {
        throw new IllegalArgumentException(
            "%s: expected the name of a new column, found '%s', which is there already; drop it"
                    .formatted(param, column)
                + " first, or name another");
      }
    }
    return schema.add(column, type, true);
  }
}

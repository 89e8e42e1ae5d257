package io.adapt4j.spark.internal.rows;

import org.jspecify.annotations.Nullable;

/** Result of a row: values, or an error. */
public final class RowResult {

  private final @Nullable Object @Nullable [] values;
  private final @Nullable String error;
  private final long tokens;

  private RowResult(@Nullable Object @Nullable [] values, @Nullable String error, long tokens) {
    this.values = values;
    this.error = error;
    this.tokens = tokens;
  }

  /** Creates a result with the values of the output columns and the number of tokens. */
  public static RowResult of(long tokens, @Nullable Object... values) {
    return new RowResult(values, null, tokens);
  }

  /** Creates a result for an error of the row itself. */
  static RowResult failed(RuntimeException e) {
    String message = e.getMessage();
    return new RowResult(null, message == null ? e.toString() : message, 0);
  }

  @Nullable Object value(int column) {
    return values == null ? null : values[column];
  }

  @Nullable String error() {
    return error;
  }

  long tokens() {
    return tokens;
  }
}

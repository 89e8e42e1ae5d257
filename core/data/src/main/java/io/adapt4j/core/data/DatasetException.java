package io.adapt4j.core.data;

import io.adapt4j.core.exception.Adapt4jException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Thrown for data that cannot be used. The message names the file and, for each problem, the line,
 * the field, what was expected, what was found, and the remedy.
 */
public final class DatasetException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the problem, its location and the remedy
   */
  public DatasetException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param cause the underlying failure
   */
  public DatasetException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  static DatasetException ofProblems(Object source, List<String> first, long count) {
    StringBuilder message = new StringBuilder().append(source).append(": ").append(count);
    message.append(count == 1 ? " problem" : " problems");
    if (count > first.size()) {
      message.append(", the first ").append(first.size()).append(" of them");
    }
    message.append(':');
    first.forEach(problem -> message.append("\n  ").append(problem));
    return new DatasetException(message.toString());
  }
}

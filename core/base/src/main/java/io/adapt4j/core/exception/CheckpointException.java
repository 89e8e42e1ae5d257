package io.adapt4j.core.exception;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Files of a model or adapter that cannot be used: weights, configuration or tokenizer. The message
 * names the file, the field or tensor if there is one, the expected and the actual value, and the
 * remedy.
 */
public final class CheckpointException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the problem, its location and the remedy
   */
  public CheckpointException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param cause the underlying failure
   */
  public CheckpointException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /**
   * Creates an exception for a file.
   *
   * @param file the file
   * @param expected the expected value
   * @param found the actual value
   * @param remedy the remedy
   * @return the exception
   */
  public static CheckpointException inFile(
      Path file, String expected, String found, String remedy) {
    return new CheckpointException(
        file + ": expected " + expected + ", found " + found + ". " + remedy);
  }

  /**
   * Creates an exception for a field of a file.
   *
   * @param field its name
   * @return the exception
   */
  public static CheckpointException inField(
      Path file, String field, String expected, String found, String remedy) {
    return new CheckpointException(
        "%s: field '%s': expected %s, found %s. %s"
            .formatted(file, field, expected, found, remedy));
  }

  /**
   * Creates an exception for a tensor of a file.
   *
   * @param tensor its name
   * @return the exception
   */
  public static CheckpointException inTensor(
      Path file, String tensor, String expected, String found, String remedy) {
    return new CheckpointException(
        "%s: tensor '%s': expected %s, found %s. %s"
            .formatted(file, tensor, expected, found, remedy));
  }
}

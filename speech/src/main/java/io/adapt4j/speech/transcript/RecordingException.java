package io.adapt4j.speech.transcript;

import io.adapt4j.core.exception.Adapt4jException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A recording that cannot be read: not a WAV file, damaged, or in an encoding that is not
 * supported. The message names the file, what was expected, what was found, and the remedy.
 */
public final class RecordingException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the problem and the remedy
   * @param cause the underlying failure, or null
   */
  public RecordingException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /**
   * Creates an exception for a file.
   *
   * @param file the file
   * @param expected what was expected
   * @param found what was found
   * @param remedy the remedy
   * @return the exception
   */
  public static RecordingException inFile(Path file, String expected, String found, String remedy) {
    return new RecordingException(
        file + ": expected " + expected + ", found " + found + ". " + remedy, null);
  }
}

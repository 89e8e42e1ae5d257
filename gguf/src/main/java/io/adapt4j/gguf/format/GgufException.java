package io.adapt4j.gguf.format;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when a GGUF file cannot be read or written: it is damaged, malicious or unsupported, or
 * the disk fails. The message names the file, the field, the expected and the found value, and a
 * remedy.
 */
public final class GgufException extends RuntimeException {

  /** Remedy for a file that violates the format. */
  static final String DAMAGED = "The file is damaged or incomplete: fetch or write it again.";

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the problem, its location and the remedy
   */
  public GgufException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param cause the cause
   */
  public GgufException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  static GgufException in(Path file, String field, String expected, String found, String remedy) {
    return new GgufException(
        "%s: %s: expected %s, found %s. %s".formatted(file, field, expected, found, remedy));
  }
}

package io.adapt4j.gguf.format;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A GGUF file that cannot be read or written: damaged, hostile, of an unsupported kind, or on a
 * failing disk. The message names the file, the field, what was expected there, what was found, and
 * what to do.
 */
public final class GgufException extends RuntimeException {

  /** What to do about a file that breaks a rule of the format. */
  static final String DAMAGED = "The file is damaged or incomplete: fetch or write it again.";

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message what is wrong, where, and what to do
   */
  public GgufException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what is wrong, where, and what to do
   * @param cause what led to it
   */
  public GgufException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  static GgufException in(Path file, String field, String expected, String found, String remedy) {
    return new GgufException(
        "%s: %s: expected %s, found %s. %s".formatted(file, field, expected, found, remedy));
  }
}

package io.adapt4j.core.tokenize;

import java.nio.file.Path;

/**
 * A tokenizer file that cannot be used, or a text that the tokenizer cannot take. The message names
 * the file and the field where there is one, what was expected, what was found, and the remedy.
 */
public final class TokenizerException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message what is wrong, where, and what to do
   */
  public TokenizerException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what is wrong, where, and what to do
   * @param cause the failure underneath
   */
  public TokenizerException(String message, Throwable cause) {
    super(message, cause);
  }

  static TokenizerException inField(
      Path file, String field, String expected, String found, String remedy) {
    return new TokenizerException(
        file
            + ": field '"
            + field
            + "': expected "
            + expected
            + ", found "
            + found
            + ". "
            + remedy);
  }
}

package io.adapt4j.rag.embed;

/** Texts could not be embedded. */
public final class EmbeddingException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message what is wrong, where, and what to do
   */
  public EmbeddingException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what is wrong, where, and what to do
   * @param cause the failure underneath
   */
  public EmbeddingException(String message, Throwable cause) {
    super(message, cause);
  }
}

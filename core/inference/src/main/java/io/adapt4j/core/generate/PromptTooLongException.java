package io.adapt4j.core.generate;

/** Thrown for a prompt that leaves no room in the model's context for a new token. */
public final class PromptTooLongException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** Number of tokens of the prompt, or a lower bound. */
  private final int promptTokens;

  /** Context length in tokens. */
  private final int limit;

  /**
   * Creates an exception.
   *
   * @param message the problem and the remedy
   * @param promptTokens number of tokens of the prompt, or a lower bound
   * @param limit the model's context length in tokens, for prompt and answer
   */
  public PromptTooLongException(String message, int promptTokens, int limit) {
    super(message);
    this.promptTokens = promptTokens;
    this.limit = limit;
  }

  /**
   * {@return the number of tokens of the prompt, or a lower bound if it was not encoded to its end}
   */
  public int promptTokens() {
    return promptTokens;
  }

  /** {@return the model's context length in tokens, for prompt and answer} */
  public int limit() {
    return limit;
  }
}

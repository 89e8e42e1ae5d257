package io.adapt4j.core.generate;

/** Thrown for a prompt that leaves no room for a new token in the model's context. */
public final class PromptTooLongException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** How many tokens the prompt has, or at least has. */
  private final int promptTokens;

  /** How many tokens the context holds. */
  private final int limit;

  /**
   * Creates an exception.
   *
   * @param message what is too long and what to do
   * @param promptTokens the tokens of the prompt, or how many it has at least
   * @param limit the tokens of prompt and answer that the model's context holds
   */
  public PromptTooLongException(String message, int promptTokens, int limit) {
    super(message);
    this.promptTokens = promptTokens;
    this.limit = limit;
  }

  /**
   * {@return the tokens of the prompt; of a text that was not encoded to its end, how many it has
   * at least}
   */
  public int promptTokens() {
    return promptTokens;
  }

  /** {@return the tokens of prompt and answer that the model's context holds} */
  public int limit() {
    return limit;
  }
}

package io.adapt4j.core.generate;

/**
 * Why generated text ends where it does.
 *
 * <p>A model of this process knows exactly; servers say {@link #STOP}, {@link #LENGTH}, {@link
 * #CONTENT_FILTER} or {@link #OTHER}.
 */
public enum FinishReason {
  /** The model produced its end-of-sequence token. */
  EOS,
  /** The text reached one of {@link GenerationOptions#stopStrings()}. */
  STOP_STRING,
  /** The model produced one of {@link GenerationOptions#stopIds()}. */
  STOP_ID,
  /** {@link GenerationOptions#maxNewTokens()}, or a limit of the server, was reached. */
  LENGTH,
  /**
   * Prompt and new tokens reached the model's context length before {@link
   * GenerationOptions#maxNewTokens()}; {@link GenerationOptions#ignoreContextLength()} says which
   * models go on.
   */
  CONTEXT_LENGTH,
  /** The generation was cancelled through its {@link CancellationToken}. */
  CANCELLED,
  /** The text is complete; the generator does not say whether by a token or a stop string. */
  STOP,
  /** The server held back the text, or a part of it, for its content. */
  CONTENT_FILTER,
  /** Something else, such as a call of a tool, or the generator does not say. */
  OTHER;

  /**
   * Returns whether the text was cut by a limit on its length, so that more would have followed.
   *
   * @return true for {@link #LENGTH} and {@link #CONTEXT_LENGTH}
   */
  public boolean isCut() {
    return this == LENGTH || this == CONTEXT_LENGTH;
  }
}

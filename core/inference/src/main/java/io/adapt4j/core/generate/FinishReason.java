package io.adapt4j.core.generate;

/**
 * The reason why generated text ends.
 *
 * <p>Models in this process give the exact reason; servers only {@link #STOP}, {@link #LENGTH},
 * {@link #CONTENT_FILTER} or {@link #OTHER}.
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
   * GenerationOptions#maxNewTokens()}; {@link GenerationOptions#ignoreContextLength()} lists the
   * models that continue.
   */
  CONTEXT_LENGTH,
  /** The generation was cancelled through its {@link CancellationToken}. */
  CANCELLED,
  /** The text is complete; whether by an end token or a stop string is not known. */
  STOP,
  /** The server withheld the text, or a part of it, because of its content. */
  CONTENT_FILTER,
  /** Another reason, such as a tool call, or an unknown one. */
  OTHER;

  /**
   * Returns whether the text was truncated by a length limit.
   *
   * @return true for {@link #LENGTH} and {@link #CONTEXT_LENGTH}
   */
  public boolean isCut() {
    return this == LENGTH || this == CONTEXT_LENGTH;
  }
}

package io.adapt4j.core.generate;

/** Why a generation ended. */
public enum FinishReason {
  /** The model produced its end-of-sequence token. */
  EOS,
  /** The text reached one of {@link GenerationOptions#stopStrings()}. */
  STOP_STRING,
  /** The model produced one of {@link GenerationOptions#stopIds()}. */
  STOP_ID,
  /** {@link GenerationOptions#maxNewTokens()} was reached. */
  LENGTH,
  /**
   * Prompt and new tokens reached the model's context length before {@link
   * GenerationOptions#maxNewTokens()}; {@link GenerationOptions#ignoreContextLength()} says which
   * models go on.
   */
  CONTEXT_LENGTH,
  /** The generation was cancelled through its {@link CancellationToken}. */
  CANCELLED;

  /**
   * Returns whether the text was cut by a limit on its length, so that more would have followed.
   *
   * @return true for {@link #LENGTH} and {@link #CONTEXT_LENGTH}
   */
  public boolean isCut() {
    return this == LENGTH || this == CONTEXT_LENGTH;
  }
}

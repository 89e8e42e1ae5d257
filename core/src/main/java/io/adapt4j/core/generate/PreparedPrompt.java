package io.adapt4j.core.generate;

import io.adapt4j.core.internal.Texts;

/**
 * A prompt in tokens and the options to answer it with, made by {@link
 * io.adapt4j.core.ModelPrompts}. Immutable.
 */
public final class PreparedPrompt {

  private final int[] tokenIds;
  private final GenerationOptions options;

  /**
   * Creates a prompt.
   *
   * @param tokenIds its tokens
   * @param options how to choose tokens and when to stop
   */
  public PreparedPrompt(int[] tokenIds, GenerationOptions options) {
    this.tokenIds = Texts.require("tokenIds", tokenIds).clone();
    this.options = Texts.require("options", options);
  }

  /** {@return the tokens, a new array} */
  public int[] tokenIds() {
    return tokenIds.clone();
  }

  /** {@return the number of tokens} */
  public int length() {
    return tokenIds.length;
  }

  /** {@return how to choose tokens and when to stop, such as at the end of the answer's turn} */
  public GenerationOptions options() {
    return options;
  }
}

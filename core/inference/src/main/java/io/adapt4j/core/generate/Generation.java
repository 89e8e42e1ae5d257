package io.adapt4j.core.generate;

import java.util.List;
import java.util.Objects;

/**
 * The result of generating from one prompt.
 *
 * @param text the new text without the prompt, cut before a stop string and without special tokens
 * @param tokenIds the new token ids in order, including the ones whose text was cut away
 * @param finishReason why the generation ended
 * @param promptTokens how many tokens the prompt had, padding not counted
 * @param logprobs log probabilities of the new tokens, in the order of {@code tokenIds}; empty
 *     unless {@link GenerationOptions.Builder#logprobs} asks for them
 */
public record Generation(
    String text,
    List<Integer> tokenIds,
    FinishReason finishReason,
    int promptTokens,
    List<TokenLogprobs> logprobs) {

  /**
   * Checks the values and copies the token ids. Throws {@link IllegalArgumentException} if
   * promptTokens is negative.
   */
  public Generation {
    Objects.requireNonNull(text, "text");
    tokenIds = List.copyOf(tokenIds);
    Objects.requireNonNull(finishReason, "finishReason");
    logprobs = List.copyOf(logprobs);
    if (promptTokens < 0) {
      throw new IllegalArgumentException("promptTokens must be at least 0, but is " + promptTokens);
    }
  }

  /** Creates a result without log probabilities. */
  public Generation(
      String text, List<Integer> tokenIds, FinishReason finishReason, int promptTokens) {
    this(text, tokenIds, finishReason, promptTokens, List.of());
  }
}

package io.adapt4j.core.generate;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The result of generating from one prompt.
 *
 * @param text the new text without the prompt, cut before a stop string and without special tokens
 * @param tokenIds the new token ids in order, including the ones whose text was cut away
 * @param finishReason why the generation ended
 * @param promptTokens how many tokens the prompt had, padding not counted
 * @param logprobs log probabilities of the new tokens, in the order of {@code tokenIds}; empty
 *     unless {@link GenerationOptions.Builder#logprobs} asks for them
 * @param cachedTokens how many prompt tokens were not computed, as an earlier or concurrent call
 *     had them in common; not part of equality
 */
public record Generation(
    String text,
    List<Integer> tokenIds,
    FinishReason finishReason,
    int promptTokens,
    List<TokenLogprobs> logprobs,
    int cachedTokens) {

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
    if (cachedTokens < 0 || cachedTokens > promptTokens) {
      throw new IllegalArgumentException(
          "cachedTokens: expected 0 to " + promptTokens + ", found " + cachedTokens);
    }
  }

  /** Creates a result of which no prompt token was cached. */
  public Generation(
      String text,
      List<Integer> tokenIds,
      FinishReason finishReason,
      int promptTokens,
      List<TokenLogprobs> logprobs) {
    this(text, tokenIds, finishReason, promptTokens, logprobs, 0);
  }

  /** Creates a result without log probabilities. */
  public Generation(
      String text, List<Integer> tokenIds, FinishReason finishReason, int promptTokens) {
    this(text, tokenIds, finishReason, promptTokens, List.of(), 0);
  }

  /** Compares the answers, whatever was cached. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Generation generation
        && text.equals(generation.text)
        && tokenIds.equals(generation.tokenIds)
        && finishReason == generation.finishReason
        && promptTokens == generation.promptTokens
        && logprobs.equals(generation.logprobs);
  }

  @Override
  public int hashCode() {
    return Objects.hash(text, tokenIds, finishReason, promptTokens, logprobs);
  }
}

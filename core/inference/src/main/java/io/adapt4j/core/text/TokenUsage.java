package io.adapt4j.core.text;

/**
 * Token counts of a request, as reported by the generator.
 *
 * @param promptTokens number of prompt tokens
 * @param newTokens number of new tokens
 */
public record TokenUsage(int promptTokens, int newTokens) {

  /** Checks the counts. Throws {@link IllegalArgumentException} if one is negative. */
  public TokenUsage {
    if (promptTokens < 0 || newTokens < 0) {
      throw new IllegalArgumentException(
          "tokens must be at least 0, found " + promptTokens + " and " + newTokens);
    }
  }
}

package io.adapt4j.core.text;

/**
 * The tokens of a request, as the generator counted them.
 *
 * @param promptTokens tokens read
 * @param newTokens tokens written
 */
public record TokenUsage(int promptTokens, int newTokens) {

  /**
   * Creates a count.
   *
   * @param promptTokens tokens read
   * @param newTokens tokens written
   * @throws IllegalArgumentException if one is negative
   */
  public TokenUsage {
    if (promptTokens < 0 || newTokens < 0) {
      throw new IllegalArgumentException(
          "tokens must be at least 0, found " + promptTokens + " and " + newTokens);
    }
  }
}

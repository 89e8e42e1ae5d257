package io.adapt4j.core.score;

import java.util.List;

/**
 * Log-probabilities of a continuation's tokens.
 *
 * @param tokenIds the continuation's tokens
 * @param logProbabilities natural logarithm of each token's probability given all before it
 * @param greedy whether greedy decoding would produce exactly these tokens
 * @param contextTokens number of context tokens read
 * @param droppedContextTokens number of tokens dropped from the beginning of the context because
 *     context and continuation together exceed the model's context length; usually 0
 */
public record TokenScores(
    List<Integer> tokenIds,
    List<Double> logProbabilities,
    boolean greedy,
    int contextTokens,
    int droppedContextTokens) {

  /** Copies the lists. */
  public TokenScores {
    tokenIds = List.copyOf(tokenIds);
    logProbabilities = List.copyOf(logProbabilities);
    if (tokenIds.size() != logProbabilities.size()) {
      throw new IllegalArgumentException(
          tokenIds.size() + " tokens cannot have " + logProbabilities.size() + " scores");
    }
  }

  /**
   * Returns the log-probability of the whole continuation.
   *
   * @return the sum of the token log-probabilities, in nats
   */
  public double sum() {
    return logProbabilities.stream().mapToDouble(Double::doubleValue).sum();
  }
}

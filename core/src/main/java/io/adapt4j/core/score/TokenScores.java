package io.adapt4j.core.score;

import java.util.List;

/**
 * How likely a model finds a continuation.
 *
 * @param tokenIds the continuation's tokens
 * @param logProbabilities natural logarithm of each token's probability after all before it
 * @param greedy whether greedy decoding would produce exactly these tokens
 * @param contextTokens how many tokens of context were read before it
 * @param droppedContextTokens how many tokens at the beginning of the context were left out because
 *     context and continuation together exceed the model's context length; usually 0
 */
public record TokenScores(
    List<Integer> tokenIds,
    List<Double> logProbabilities,
    boolean greedy,
    int contextTokens,
    int droppedContextTokens) {

  /**
   * Makes scores with their own copies of the lists.
   *
   * @param tokenIds the continuation's tokens
   * @param logProbabilities one a token
   * @param greedy whether greedy decoding would produce these tokens
   * @param contextTokens tokens of context that were read
   * @param droppedContextTokens tokens of the context that were left out
   */
  public TokenScores {
    tokenIds = List.copyOf(tokenIds);
    logProbabilities = List.copyOf(logProbabilities);
    if (tokenIds.size() != logProbabilities.size()) {
      throw new IllegalArgumentException(
          tokenIds.size() + " tokens cannot have " + logProbabilities.size() + " scores");
    }
  }

  /**
   * Returns the logarithm of the whole continuation's probability.
   *
   * @return the sum of the log-probabilities, in nats
   */
  public double sum() {
    return logProbabilities.stream().mapToDouble(Double::doubleValue).sum();
  }
}

package io.adapt4j.core.generate;

import java.util.List;

/**
 * Log probability of a generated token under the model's own distribution: before penalties,
 * biases, temperature and the other filters of {@link GenerationOptions}.
 *
 * @param tokenId the token that was chosen
 * @param logprob the natural logarithm of its probability; negative infinity if that is 0
 * @param top the most probable tokens at its position, in descending order, as many as {@link
 *     GenerationOptions.Builder#logprobs} asks for
 */
public record TokenLogprobs(int tokenId, double logprob, List<Alternative> top) {

  /** Copies the alternatives. */
  public TokenLogprobs {
    top = List.copyOf(top);
  }

  /**
   * An alternative token at the same position.
   *
   * @param tokenId its id
   * @param logprob the natural logarithm of its probability
   */
  public record Alternative(int tokenId, double logprob) {}
}

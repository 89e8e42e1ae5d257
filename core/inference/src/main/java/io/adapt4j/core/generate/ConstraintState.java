package io.adapt4j.core.generate;

/**
 * Progress of one answer under an {@link OutputConstraint}. Not thread-safe.
 *
 * <p>An answer can continue as long as {@link #allowed()} has a token or {@link #mayEnd()} is true.
 * If neither holds, the vocabulary cannot spell the required continuation, and the generation
 * fails.
 */
public interface ConstraintState {

  /**
   * Returns the tokens that may come next. If the next bytes are known, a constraint may allow only
   * one of the ways to divide them into tokens; a token that is the only one allowed is chosen
   * without running the model.
   *
   * @return tokens with bytes; the caller leaves out those that end an answer
   */
  TokenMask allowed();

  /**
   * Returns whether the answer is complete. Only then may an end token be chosen; if no other token
   * is allowed, it must be.
   *
   * @return whether it may end
   */
  boolean mayEnd();

  /**
   * Advances by the chosen token.
   *
   * @param tokenId one of {@link #allowed()}
   * @throws IllegalArgumentException if it is not allowed
   */
  void accept(int tokenId);

  /**
   * Counts how many of these tokens may come next, one after the other, without changing the state.
   *
   * @param tokenIds tokens guessed to follow
   * @return how many of the first ones are allowed
   */
  int allowedPrefix(int[] tokenIds);
}

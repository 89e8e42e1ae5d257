package io.adapt4j.core.generate;

/**
 * How far one answer under an {@link OutputConstraint} has come. Not thread-safe.
 *
 * <p>An answer can go on as long as {@link #allowed()} has a token or {@link #mayEnd()} is true.
 * Where neither holds, the vocabulary cannot spell what has to follow, and the generation fails.
 */
public interface ConstraintState {

  /**
   * Returns the tokens that may come next. Where the next bytes are known, a constraint may allow
   * only one of the ways to divide them into tokens; tokens that are the only one are not asked of
   * the model.
   *
   * @return tokens with bytes; the caller leaves out those that end an answer
   */
  TokenMask allowed();

  /**
   * Returns whether the answer is complete as it is. Only then are tokens that end an answer
   * chosen; where no other is allowed, they are the only choice.
   *
   * @return whether it may end
   */
  boolean mayEnd();

  /**
   * Takes the token that was chosen.
   *
   * @param tokenId one of {@link #allowed()}
   * @throws IllegalArgumentException if it is not allowed
   */
  void accept(int tokenId);

  /**
   * Counts how many of these tokens may come next, one after the other. The state stays as it is.
   *
   * @param tokenIds tokens that are guessed to follow
   * @return how many of the first ones are allowed
   */
  int allowedPrefix(int[] tokenIds);
}

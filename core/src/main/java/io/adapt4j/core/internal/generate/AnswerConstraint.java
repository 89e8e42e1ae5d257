package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.TokenMask;
import java.util.Arrays;
import java.util.Collection;

/**
 * The constraint on one answer together with the tokens that end it: these are chosen only where
 * the answer may end. Not thread safe.
 */
final class AnswerConstraint {

  private final ConstraintState state;
  private final int[] endIds;

  /** The logits of the tokens that end an answer, while the others are masked. */
  private final float[] endLogits;

  /** Starts an answer. */
  AnswerConstraint(ConstraintState state, Collection<Integer> endIds) {
    this.state = state;
    this.endIds = endIds.stream().distinct().mapToInt(Integer::intValue).sorted().toArray();
    this.endLogits = new float[this.endIds.length];
  }

  /**
   * Forbids the tokens that may not come next.
   *
   * @param logits those of forbidden tokens become negative infinity
   */
  void mask(float[] logits) {
    TokenMask allowed = state.allowed();
    boolean mayEnd = state.mayEnd();
    if (!mayEnd && textTokens(allowed) == 0) {
      throw new IllegalStateException(
          "No token of the vocabulary can continue the answer as its constraint asks: the"
              + " vocabulary lacks a character. Check the texts that the constraint names.");
    }
    for (int i = 0; i < endIds.length; i++) {
      boolean possible = mayEnd && endIds[i] < logits.length;
      endLogits[i] = possible ? logits[endIds[i]] : Float.NEGATIVE_INFINITY;
    }
    allowed.fillOthers(logits, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < endIds.length; i++) {
      if (endIds[i] < logits.length) {
        logits[endIds[i]] = endLogits[i];
      }
    }
  }

  /** The only token that may come next, or -1 where there is a choice. */
  int forced() {
    TokenMask allowed = state.allowed();
    if (allowed.count() > endIds.length + 1) {
      return -1;
    }
    int choices = textTokens(allowed);
    if (state.mayEnd()) {
      return choices == 0 && endIds.length == 1 ? endIds[0] : -1;
    }
    if (choices != 1) {
      return -1;
    }
    int id = allowed.next(0);
    while (isEnd(id)) {
      id = allowed.next(id + 1);
    }
    return id;
  }

  /** Whether nothing may come next, not even a token that ends the answer. */
  boolean isComplete() {
    return endIds.length == 0 && state.mayEnd() && state.allowed().count() == 0;
  }

  /** Takes a token that ended nothing. */
  void accept(int id) {
    state.accept(id);
  }

  /** The beginning of a guess that the constraint allows. */
  int[] allowed(int[] guess) {
    return guess.length == 0 ? guess : Arrays.copyOf(guess, state.allowedPrefix(guess));
  }

  private int textTokens(TokenMask allowed) {
    int count = allowed.count();
    for (int id : endIds) {
      count -= allowed.contains(id) ? 1 : 0;
    }
    return count;
  }

  private boolean isEnd(int id) {
    return Arrays.binarySearch(endIds, id) >= 0;
  }
}

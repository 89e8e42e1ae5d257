package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.TokenMask;
import java.util.Arrays;
import java.util.Collection;

/**
 * Constraint on one answer, combined with its end tokens: they may be chosen only where the answer
 * may end. Not thread safe.
 */
final class AnswerConstraint {

  private final ConstraintState state;
  private final int[] endIds;

  /** Saved logits of the end tokens, while all others are masked. */
  private final float[] endLogits;

  /** Starts an answer. */
  AnswerConstraint(ConstraintState state, Collection<Integer> endIds) {
    this.state = state;
    this.endIds = endIds.stream().distinct().mapToInt(Integer::intValue).sorted().toArray();
    this.endLogits = new float[this.endIds.length];
  }

  /** Masks the tokens that may not come next. */
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

  /** Returns the only token that may come next, or -1 if there is a choice. */
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

  /** Returns whether nothing may come next, not even an end token. */
  boolean isComplete() {
    return endIds.length == 0 && state.mayEnd() && state.allowed().count() == 0;
  }

  /** Advances by a token that did not end the answer. */
  void accept(int id) {
    state.accept(id);
  }

  /** Returns the longest prefix of a guess that the constraint allows. */
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

package io.adapt4j.core.internal.data;

import java.util.OptionalInt;
import java.util.function.IntPredicate;

/**
 * One tokenized example. Not copied in or out: treat the arrays as read-only.
 *
 * <p>Labels follow the convention of Transformers: {@code labels[i]} is {@code ids[i]} where it is
 * to be learned and {@link #IGNORED} where not. They are not shifted: the loss compares what the
 * model says at position i with the label at i + 1, so the first label counts for nothing.
 */
// Equality by content is not offered; copying arrays in every call would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record TrainingSample(int[] ids, int[] labels) {

  /** The label of a position without loss. */
  public static final int IGNORED = -100;

  /** Among so many last tokens is the one that ends a sample. */
  private static final int TURN_END = 3;

  /** Creates a sample. */
  public TrainingSample {
    if (ids.length == 0 || labels.length != ids.length) {
      throw new IllegalArgumentException(
          "a sample needs at least one id and as many labels, found %s ids and %s labels"
              .formatted(ids.length, labels.length));
    }
  }

  /** {@return the number of tokens} */
  public int length() {
    return ids.length;
  }

  /** Returns the number of terms of the loss: labels that count, the first position left out. */
  public int targetTokens() {
    int count = 0;
    for (int i = 1; i < labels.length; i++) {
      count += labels[i] == IGNORED ? 0 : 1;
    }
    return count;
  }

  /** Where the first token to be learned stands; the length if there is none. */
  public int firstLabel() {
    int first = 0;
    while (first < labels.length && labels[first] == IGNORED) {
      first++;
    }
    return first;
  }

  /**
   * Returns whether the sample begins with the beginning-of-sequence token and again with it: added
   * by the tokenizer to a text that has it too.
   */
  public boolean beginsTwice(OptionalInt bos) {
    return bos.isPresent() && ids.length > 1 && ids[0] == bos.getAsInt() && ids[1] == ids[0];
  }

  /**
   * Returns whether the model learns to end: one of the last three tokens is special and trained. A
   * template may write a line end after the token that ends a turn.
   */
  public boolean endsTrained(IntPredicate special) {
    for (int i = labels.length - 1; i >= Math.max(0, labels.length - TURN_END); i--) {
      if (labels[i] != IGNORED && special.test(labels[i])) {
        return true;
      }
    }
    return false;
  }
}

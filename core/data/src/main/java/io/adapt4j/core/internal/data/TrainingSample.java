package io.adapt4j.core.internal.data;

import io.adapt4j.core.internal.tokenize.Batch;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.OptionalInt;
import java.util.function.IntPredicate;

/**
 * One tokenized example. Not copied in or out: treat the arrays as read-only.
 *
 * <p>Labels follow the convention of Transformers: {@code labels[i]} is {@code ids[i]} for trained
 * tokens and {@link #IGNORED} for others. They are not shifted: the loss compares the logits at
 * position i with the label at i + 1, so the first label is unused.
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
public record TrainingSample(int[] ids, int[] labels) implements Sample {

  /** The label of a position without loss. */
  public static final int IGNORED = Batch.IGNORED;

  /** Number of last tokens among which the end token is searched. */
  private static final int TURN_END = 3;

  public TrainingSample {
    if (ids.length == 0 || labels.length != ids.length) {
      throw new IllegalArgumentException(
          "a sample needs at least one id and as many labels, found %s ids and %s labels"
              .formatted(ids.length, labels.length));
    }
  }

  /** {@return the number of tokens} */
  @Override
  public int length() {
    return ids.length;
  }

  /** Returns the number of loss terms: unmasked labels after the first position. */
  public int targetTokens() {
    int count = 0;
    for (int i = 1; i < labels.length; i++) {
      count += labels[i] == IGNORED ? 0 : 1;
    }
    return count;
  }

  /** Returns the position of the first trained token; the length if there is none. */
  public int firstLabel() {
    int first = 0;
    while (first < labels.length && labels[first] == IGNORED) {
      first++;
    }
    return first;
  }

  /**
   * Returns whether the sample begins with two beginning-of-sequence tokens: the tokenizer added
   * one to a text that already had it.
   */
  public boolean beginsTwice(OptionalInt bos) {
    return bos.isPresent() && ids.length > 1 && ids[0] == bos.getAsInt() && ids[1] == ids[0];
  }

  /**
   * Returns whether the model learns to stop: one of the last three tokens is special and trained.
   * The first token of a sample never is. A template may write a newline after the end-of-turn
   * token.
   */
  public boolean endsTrained(IntPredicate special) {
    for (int i = labels.length - 1; i >= Math.max(1, labels.length - TURN_END); i--) {
      if (labels[i] != IGNORED && special.test(labels[i])) {
        return true;
      }
    }
    return false;
  }

  @Override
  public int targets() {
    return targetTokens();
  }

  /** A weight of 1 is not hashed, so data without weights keeps its digest. */
  @Override
  public void digest(MessageDigest digest, double weight) {
    ByteBuffer bytes = ByteBuffer.allocate((2 * length() + 1) * Integer.BYTES + Double.BYTES);
    bytes.putInt(length());
    bytes.asIntBuffer().put(ids).put(labels);
    bytes.putDouble(bytes.capacity() - Double.BYTES, weight);
    digest.update(bytes.array(), 0, bytes.capacity() - (weight == 1 ? Double.BYTES : 0));
  }
}

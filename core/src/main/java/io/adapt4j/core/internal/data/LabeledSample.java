package io.adapt4j.core.internal.data;

import java.util.Arrays;

/**
 * A text as tokens, with what is to be said of it. Not copied in or out: treat the arrays as
 * read-only.
 *
 * @param values 1 or 0 for each of several classes, or a number; empty otherwise
 */
// Equality by content is not offered; copying arrays in every call would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record LabeledSample(
    int[] ids, int[] typeIds, boolean ofTokens, int[] labels, float[] values, boolean truncated) {

  public int length() {
    return ids.length;
  }

  /** Terms of the loss. */
  public int targets() {
    return ofTokens
        ? (int) Arrays.stream(labels).filter(label -> label != TrainingSample.IGNORED).count()
        : 1;
  }
}

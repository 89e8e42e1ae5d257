package io.adapt4j.core.internal.data;

import java.util.Arrays;

/**
 * A tokenized text with its labels. Not copied in or out: treat the arrays as read-only.
 *
 * @param values multi-hot class labels, or the regression target; empty otherwise
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
public record LabeledSample(
    int[] ids, int[] typeIds, boolean ofTokens, int[] labels, float[] values, boolean truncated) {

  public int length() {
    return ids.length;
  }

  /** Returns the number of loss terms. */
  public int targets() {
    return ofTokens
        ? (int) Arrays.stream(labels).filter(label -> label != TrainingSample.IGNORED).count()
        : 1;
  }
}

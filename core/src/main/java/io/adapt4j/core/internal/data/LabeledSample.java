package io.adapt4j.core.internal.data;

import java.util.Arrays;

/**
 * A text as tokens, with what is to be said of it. Not copied in or out: treat the arrays as
 * read-only.
 *
 * @param ids token ids
 * @param typeIds token types
 * @param ofTokens whether labels are those of the tokens
 * @param labels one class for the text, or one a token ({@link TrainingSample#IGNORED} where it has
 *     none); empty where values are given
 * @param values 1 or 0 for each of several classes, or a number; empty otherwise
 * @param truncated whether the text was cut to the limit
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

package io.adapt4j.core.internal.data;

import java.util.Arrays;
import java.util.List;

/**
 * Token ids of texts, right-padded to one length. Arrays are in row-major order, [rows, length].
 * Not copied in or out: treat them as read-only.
 *
 * @param attentionMask 1 for a token, 0 for padding
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
public record PaddedTexts(int rows, int length, long[] inputIds, long[] attentionMask) {

  /** Pads texts to the longest one. */
  public static PaddedTexts of(List<int[]> texts, int paddingId) {
    int rows = texts.size();
    int length = texts.stream().mapToInt(ids -> ids.length).max().orElse(0);
    long[] inputIds = new long[rows * length];
    long[] mask = new long[inputIds.length];
    Arrays.fill(inputIds, paddingId);
    for (int row = 0; row < rows; row++) {
      int[] ids = texts.get(row);
      for (int i = 0; i < ids.length; i++) {
        inputIds[row * length + i] = ids[i];
        mask[row * length + i] = 1;
      }
    }
    return new PaddedTexts(rows, length, inputIds, mask);
  }

  /** {@return the number of tokens without padding} */
  public long tokens() {
    return Arrays.stream(attentionMask).sum();
  }
}

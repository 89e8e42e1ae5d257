package io.adapt4j.verification.golden;

import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.verification.internal.GoldenFolder;
import java.util.Arrays;

/**
 * Left-padded prompts with right-padded completions, whose tokens are the targets.
 *
 * @param lengths tokens of each completion
 * @param width columns of the completions
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record CompletionBatch(Batch batch, int[] lengths, int width) {

  static CompletionBatch of(GoldenFolder golden) {
    int width = golden.dimension("completion_ids", 1);
    int[] lengths = lengths(golden.longs("completion_mask"), width);
    return new CompletionBatch(batch(golden, lengths, width), lengths, width);
  }

  private static Batch batch(GoldenFolder golden, int[] lengths, int width) {
    long[] promptIds = golden.longs("prompt_ids");
    long[] promptMask = golden.longs("prompt_mask");
    long[] completionIds = golden.longs("completion_ids");
    int before = promptIds.length / lengths.length;
    int length = before + width;
    long[] ids = new long[lengths.length * length];
    long[] mask = new long[ids.length];
    long[] labels = new long[ids.length];
    Arrays.fill(labels, TargetRows.IGNORED);
    for (int row = 0; row < lengths.length; row++) {
      System.arraycopy(promptIds, row * before, ids, row * length, before);
      System.arraycopy(promptMask, row * before, mask, row * length, before);
      int start = row * length + before;
      System.arraycopy(completionIds, row * width, ids, start, width);
      System.arraycopy(completionIds, row * width, labels, start, lengths[row]);
      Arrays.fill(mask, start, start + lengths[row], 1);
    }
    return new Batch(ids, mask, labels, lengths.length, length);
  }

  int tokens() {
    return Arrays.stream(lengths).sum();
  }

  /** Returns the values of completion tokens. */
  float[] real(float[] padded) {
    float[] kept = new float[tokens()];
    int at = 0;
    for (int row = 0; row < lengths.length; row++) {
      System.arraycopy(padded, row * width, kept, at, lengths[row]);
      at += lengths[row];
    }
    return kept;
  }

  /** Returns the values of rows for each of their tokens. */
  float[] ofTokens(float[] ofRows) {
    float[] all = new float[tokens()];
    int at = 0;
    for (int row = 0; row < lengths.length; row++) {
      Arrays.fill(all, at, at + lengths[row], ofRows[row]);
      at += lengths[row];
    }
    return all;
  }

  private static int[] lengths(long[] mask, int width) {
    int[] lengths = new int[mask.length / width];
    for (int i = 0; i < mask.length; i++) {
      lengths[i / width] += (int) mask[i];
    }
    return lengths;
  }
}

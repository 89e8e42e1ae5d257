package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.nn.sequence.SequenceTokens;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Arrays;

/**
 * A padded batch for an encoder-decoder; arrays are row-major.
 *
 * @param ids source tokens [rows, length]
 * @param labels target tokens [rows, targetLength]; {@value TargetRows#IGNORED} where there is none
 */
@SuppressWarnings("ArrayRecordComponent") // handed straight to libtorch, never compared
public record SequenceInputs(
    long[] ids, long[] attentionMask, long[] labels, int rows, int length, float[] weights) {

  /** Creates a batch without weights. */
  public SequenceInputs(long[] ids, long[] attentionMask, long[] labels, int rows, int length) {
    this(ids, attentionMask, labels, rows, length, new float[0]);
  }

  /** {@return the padded length of targets, T} */
  public int targetLength() {
    return labels.length / rows;
  }

  /** {@return the number of target tokens} */
  public int targets() {
    return TargetRows.masked(labels).count();
  }

  /** Returns the sum of the weights of all targets. */
  public double targetWeight() {
    double sum = 0;
    for (int i = 0; i < labels.length; i++) {
      sum += labels[i] == TargetRows.IGNORED ? 0 : weights[i / targetLength()];
    }
    return sum;
  }

  /** Returns the index of the last target in a row. */
  private long last(int row) {
    int at = (row + 1) * targetLength() - 1;
    while (at > row * targetLength() && labels[at] == TargetRows.IGNORED) {
      at--;
    }
    return labels[at];
  }

  /**
   * Returns the decoder's input: the start token, then the target before each target: I64 [rows,
   * targetLength].
   */
  public Tensor targetInputs(SequenceTokens special) {
    int width = targetLength();
    long[] shifted = new long[labels.length];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(labels, row * width, shifted, row * width + 1, width - 1);
      shifted[row * width] = special.startsWithLast() ? last(row) : special.start();
    }
    return Tensor.of(
        Arrays.stream(shifted)
            .map(id -> id == TargetRows.IGNORED ? special.padding() : id)
            .toArray(),
        rows,
        width);
  }
}

package io.adapt4j.core.internal.nn.head;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;

/** Methods of pooling the vectors of tokens into one vector of a text. */
public enum Pooling {
  /** The first token's vector. */
  FIRST,
  /** The last token's vector. */
  LAST,
  /** The maximum over all tokens in each dimension. */
  MAX,
  /** The mean over all tokens. */
  MEAN,
  /** The sum over all tokens divided by the square root of their number. */
  MEAN_SQRT,
  /** The mean weighted by position, the first token by 1, the second by 2. */
  WEIGHTED_MEAN;

  /**
   * Pools each text into one vector.
   *
   * @param hidden [B, T, hidden]
   * @param mask 1 on tokens and 0 on padding, row-major [B, T]
   * @return [B, hidden]
   */
  public Tensor pool(Ops ops, Tensor hidden, long[] mask) {
    int rows = Math.toIntExact(hidden.size(0));
    int length = Math.toIntExact(hidden.size(1));
    return this == MAX
        ? ops.maxPool(hidden, Tensor.of(mask, rows, length))
        : ops.pool(hidden, Tensor.of(weights(mask, rows, length), rows, length));
  }

  /** Returns the weights of a batch's tokens; the pooled vector is the weighted sum. */
  private float[] weights(long[] mask, int rows, int length) {
    float[] weights = new float[mask.length];
    for (int row = 0; row < rows; row++) {
      fill(weights, mask, row * length, (row + 1) * length);
    }
    return weights;
  }

  private void fill(float[] weights, long[] mask, int from, int to) {
    int tokens = 0;
    int first = -1;
    int last = -1;
    for (int i = from; i < to; i++) {
      if (mask[i] != 0) {
        tokens++;
        first = first < 0 ? i : first;
        last = i;
      }
    }
    if (tokens == 0) {
      return;
    }
    switch (this) {
      // The reference takes the first position even if it is padding.
      case FIRST -> weights[from] = 1;
      case LAST -> weights[last] = 1;
      case MAX -> throw new IllegalStateException("The largest entry is no weighted sum");
      case MEAN -> fill(weights, mask, from, to, 1f / tokens);
      case MEAN_SQRT -> fill(weights, mask, from, to, (float) (1 / Math.sqrt(tokens)));
      case WEIGHTED_MEAN -> fillByPosition(weights, mask, from, to);
    }
  }

  private static void fill(float[] weights, long[] mask, int from, int to, float value) {
    for (int i = from; i < to; i++) {
      weights[i] = mask[i] == 0 ? 0 : value;
    }
  }

  private static void fillByPosition(float[] weights, long[] mask, int from, int to) {
    float sum = 0;
    for (int i = from; i < to; i++) {
      sum += mask[i] == 0 ? 0 : i - from + 1;
    }
    for (int i = from; i < to; i++) {
      weights[i] = mask[i] == 0 ? 0 : (i - from + 1) / sum;
    }
  }
}

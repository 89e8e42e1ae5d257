package io.adapt4j.core.internal.task.reward;

import io.adapt4j.core.internal.data.Batch;

/**
 * N pairs of answers side by side, so that one forward pass does for both.
 *
 * @param margins [N] distances that the rewards of a pair should have; 0 where none is asked for
 */
// Equality by content is not offered; copying arrays in every call would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record RewardBatch(Batch sides, float[] margins, float[] weights) {

  /** Checks the sizes. */
  public RewardBatch {
    if (sides.rows() != 2 * margins.length || weights.length != margins.length) {
      throw new IllegalArgumentException(
          "%s answers need half as many margins and weights, found %s and %s"
              .formatted(sides.rows(), margins.length, weights.length));
    }
  }

  /** {@return the number of pairs} */
  public int size() {
    return margins.length;
  }
}

package io.adapt4j.core.internal.task.reward;

import io.adapt4j.core.internal.data.CountedBatch;
import io.adapt4j.core.internal.tokenize.Batch;

/**
 * N pairs of answers, padded for a single forward pass. Shape of {@code margins}: [N] minimum
 * reward differences of pairs; 0 for none.
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
public record RewardBatch(Batch sides, float[] margins, float[] weights) implements CountedBatch {

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

  @Override
  public long targets() {
    return size();
  }

  @Override
  public double weight() {
    return CountedBatch.sum(weights);
  }

  @Override
  public long tokens() {
    return sides.tokens();
  }
}

package io.adapt4j.core.internal.nn.sequence;

import io.adapt4j.core.internal.tensor.tape.Parameter;

/**
 * Relative position bias of T5 (Raffel et al. 2020, section 2.1): a number added to the scores for
 * each head and distance bucket. Each short distance has its own bucket; longer ones share
 * increasingly wide buckets. Shape of {@code table}: [buckets, heads].
 */
public record RelativePositions(Parameter table, int maxDistance, boolean bothWays) {

  /**
   * Computes the buckets of queries and keys.
   *
   * @return row-major [queries, keys]
   */
  public long[] buckets(int first, int queries, int keys) {
    long[] buckets = new long[queries * keys];
    for (int query = 0; query < queries; query++) {
      for (int key = 0; key < keys; key++) {
        buckets[query * keys + key] = bucket(key - first - query);
      }
    }
    return buckets;
  }

  /** Returns the bucket of a distance, key position minus query position. */
  private int bucket(int distance) {
    int count = Math.toIntExact(table.sizes()[0]);
    int offset = 0;
    if (bothWays) {
      count /= 2;
      offset = distance > 0 ? count : 0;
    }
    int far = bothWays ? Math.abs(distance) : Math.max(0, -distance);
    int exact = count / 2;
    if (far < exact) {
      return offset + far;
    }
    // In single precision, to round a logarithm at the border of two buckets like the reference.
    float part =
        (float) Math.log((float) far / exact) / (float) Math.log((double) maxDistance / exact);
    return offset + Math.min(count - 1, exact + (int) (part * (count - exact)));
  }
}

package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.tokenize.Batch;

/**
 * Batch of queries and the passages that each is ranked against. Not copied in or out: treat the
 * arrays as read-only.
 *
 * @param excluded [B, P] in row-major order: true for other passages that also answer the query, in
 *     this or another row, and so are not negatives
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
public record EmbeddingBatch(
    Batch queries,
    Batch passages,
    int[] queryNumbers,
    int[] passageNumbers,
    boolean[] excluded,
    float[] weights) {

  /** Returns the number of queries. */
  public int size() {
    return queries.rows();
  }

  /** Returns the sum of the weights. */
  public double weight() {
    double sum = 0;
    for (float weight : weights) {
      sum += weight;
    }
    return sum;
  }

  /** Returns the number of tokens without padding. */
  public long tokens() {
    return queries.tokens() + passages.tokens();
  }
}

package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.data.CountedBatch;
import io.adapt4j.core.internal.tokenize.Batch;

/**
 * Batch of B queries and the P passages that each is ranked against, the first B of which answer
 * the queries. Not copied in or out: treat the arrays as read-only.
 *
 * @param excluded [B, P] in row-major order: true for other passages that also answer the query, in
 *     this or another row, and so are not negatives
 * @param queryNumbers ids of the queries, equal for equal texts
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
public record EmbeddingBatch(
    Batch queries,
    Batch passages,
    boolean[] excluded,
    float[] weights,
    int[] queryNumbers,
    int[] passageNumbers)
    implements CountedBatch {

  /** Creates a batch without ids. */
  public EmbeddingBatch(Batch queries, Batch passages, boolean[] excluded, float[] weights) {
    this(queries, passages, excluded, weights, new int[0], new int[0]);
  }

  /** Returns the number of queries. */
  public int size() {
    return queries.rows();
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
    return queries.tokens() + passages.tokens();
  }
}

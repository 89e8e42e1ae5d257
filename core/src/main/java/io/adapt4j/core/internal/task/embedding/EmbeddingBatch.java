package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.data.PaddedTexts;

/**
 * Queries with the passages among which each has to find its own. Not copied in or out: treat the
 * arrays as read-only.
 *
 * @param queries the queries, B rows
 * @param passages P rows: the passage of each query in their order, then all negatives
 * @param queryNumbers [B], equal for equal texts, in this and all other batches of a source
 * @param passageNumbers [P], equal for equal texts
 * @param excluded [B, P] in row-major order: true for passages that are not the query's own but
 *     answer it too, in this or another row, and so are no wrong answers
 * @param weights how much each query counts in the loss
 */
// Equality by content is not offered; copying arrays in every call would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record EmbeddingBatch(
    PaddedTexts queries,
    PaddedTexts passages,
    int[] queryNumbers,
    int[] passageNumbers,
    boolean[] excluded,
    float[] weights) {

  /**
   * Returns the number of queries.
   *
   * @return B
   */
  public int size() {
    return queries.rows();
  }

  /**
   * Returns the sum of the weights.
   *
   * @return {@link #size} where every weight is 1
   */
  public double weight() {
    double sum = 0;
    for (float weight : weights) {
      sum += weight;
    }
    return sum;
  }

  /**
   * Returns the number of tokens, padding left out.
   *
   * @return those of queries and passages
   */
  public long tokens() {
    return queries.tokens() + passages.tokens();
  }
}

package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.data.PaddedTexts;

/**
 * Queries with the passages among which each has to find its own. Not copied in or out: treat the
 * arrays as read-only.
 *
 * @param excluded [B, P] in row-major order: true for passages that are not the query's own but
 *     answer it too, in this or another row, and so are no wrong answers
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

  /** Returns the number of tokens, padding left out. */
  public long tokens() {
    return queries.tokens() + passages.tokens();
  }
}

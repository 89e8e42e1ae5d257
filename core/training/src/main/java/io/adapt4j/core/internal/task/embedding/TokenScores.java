package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tokenize.Batch;

/**
 * Late-interaction scores (Khattab and Zaharia 2020): the maximum similarity of each query token to
 * a passage token, averaged over the query's tokens. The first token of a text, which represents
 * the whole text, is excluded. Computed one query at a time to limit memory.
 */
final class TokenScores {

  private final Batch queries;
  private final Batch passages;
  private final Tensor ofQueries;
  private final Tensor ofPassages;

  /** The nearest token of each passage for each query token, [B, Tq, P]; -1 if there is none. */
  private final int[] nearest;

  private final int[] counts;
  private final double[] scores;

  /**
   * Finds the nearest tokens.
   *
   * @param ofQueries vectors of the queries' tokens, fp32 [B, Tq, D]
   * @param ofPassages vectors of the passages' tokens, fp32 [P, Tp, D]
   */
  TokenScores(Batch queries, Batch passages, Tensor ofQueries, Tensor ofPassages) {
    this.queries = queries;
    this.passages = passages;
    this.ofQueries = ofQueries;
    this.ofPassages =
        ofPassages.viewed((long) passages.rows() * passages.length(), ofPassages.size(2));
    this.nearest = new int[queries.rows() * queries.length() * passages.rows()];
    this.counts = new int[queries.rows()];
    this.scores = new double[queries.rows() * passages.rows()];
    for (int query = 0; query < queries.rows(); query++) {
      find(query);
    }
  }

  private void find(int query) {
    int columns = passages.rows() * passages.length();
    float[] products;
    try (Scope scope = Scope.open(ofQueries.engine())) {
      products = vectors(query).times(ofPassages.transposed()).toFloats();
    }
    for (int i = 1; i < queries.length(); i++) {
      if (queries.attentionMask()[query * queries.length() + i] == 0) {
        continue;
      }
      counts[query]++;
      for (int passage = 0; passage < passages.rows(); passage++) {
        int best = -1;
        for (int j = 1; j < passages.length(); j++) {
          int at = passage * passages.length() + j;
          boolean real = passages.attentionMask()[at] != 0;
          if (real && (best < 0 || products[i * columns + at] > products[i * columns + best])) {
            best = at;
          }
        }
        nearest[(query * queries.length() + i) * passages.rows() + passage] = best;
        scores[query * passages.rows() + passage] += best < 0 ? 0 : products[i * columns + best];
      }
    }
    for (int passage = 0; passage < passages.rows(); passage++) {
      scores[query * passages.rows() + passage] /= Math.max(1, counts[query]);
    }
  }

  private Tensor vectors(int query) {
    return ofQueries.narrow(0, query, 1).viewed(queries.length(), ofQueries.size(2));
  }

  /** Returns the scores, [B, P]. */
  double[] scores() {
    return scores;
  }

  /**
   * Backpropagates a gradient to the vectors.
   *
   * @param byScores the gradient with respect to the scores, [B, P]
   */
  Tensor[] backward(double[] byScores) {
    int columns = passages.rows() * passages.length();
    long width = ofQueries.size(2);
    float[] byQueries = new float[Math.toIntExact(ofQueries.count())];
    float[] byPassages = new float[Math.toIntExact(ofPassages.count())];
    for (int query = 0; query < queries.rows(); query++) {
      float[] chosen = new float[queries.length() * columns];
      for (int i = 1; i < queries.length(); i++) {
        if (queries.attentionMask()[query * queries.length() + i] == 0) {
          continue;
        }
        for (int passage = 0; passage < passages.rows(); passage++) {
          int best = nearest[(query * queries.length() + i) * passages.rows() + passage];
          if (best >= 0) {
            chosen[i * columns + best] =
                (float) (byScores[query * passages.rows() + passage] / counts[query]);
          }
        }
      }
      try (Scope scope = Scope.open(ofQueries.engine())) {
        Tensor d = Tensor.of(chosen, queries.length(), columns);
        float[] own = d.times(ofPassages).toFloats();
        System.arraycopy(own, 0, byQueries, query * own.length, own.length);
        float[] others = d.transposed().times(vectors(query)).toFloats();
        for (int i = 0; i < others.length; i++) {
          byPassages[i] += others[i];
        }
      }
    }
    return new Tensor[] {
      Tensor.of(byQueries, ofQueries.sizes()),
      Tensor.of(byPassages, passages.rows(), passages.length(), width)
    };
  }
}

package io.adapt4j.core.internal.task.embedding;

import java.util.List;

/** Ranking loss of queries against passages. */
interface EmbeddingLoss {

  /** Returns the sum of the loss over the batch's queries. */
  RankingLoss.Scored evaluate(EmbeddingBatch batch);

  /**
   * Returns the sum of the loss over the batch's queries, and accumulates the gradients of the sum
   * times a factor.
   */
  double forwardBackward(EmbeddingBatch batch, double factor, boolean recompute, long seed);

  /** {@return the Matryoshka dimensions besides the full vector} */
  List<RankingLoss.Cut> cuts();
}

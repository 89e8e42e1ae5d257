package io.adapt4j.core.internal.task.embedding;

import java.util.List;

/** A loss of queries among passages. */
interface EmbeddingLoss {

  /** Sums the loss over the batch's queries. */
  RankingLoss.Scored evaluate(RankingLoss.Inputs batch);

  /**
   * Sums the loss over the batch's queries and adds the gradients of the sum times a factor to the
   * trained parameters.
   */
  double forwardBackward(RankingLoss.Inputs batch, double factor, boolean recompute, long seed);

  /** {@return what vectors are cut to, besides whole ones} */
  List<RankingLoss.Cut> cuts();
}

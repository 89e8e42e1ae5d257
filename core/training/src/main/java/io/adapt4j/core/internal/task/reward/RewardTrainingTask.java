package io.adapt4j.core.internal.task.reward;

import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.CountedTask;
import io.adapt4j.core.internal.train.Evaluation;

/** Training of a reward model on pairs. */
public record RewardTrainingTask(PairwiseLoss loss, BestModelMetric selection)
    implements CountedTask<RewardBatch> {

  @Override
  public double forwardBackward(RewardBatch batch, double scale, boolean recompute, long seed) {
    return loss.forwardBackward(batch, scale, recompute, seed);
  }

  @Override
  public double evaluate(RewardBatch batch) {
    return loss.evaluate(batch).sum();
  }

  @Override
  public Evaluation<RewardBatch> evaluation() {
    PairwiseScores scores = new PairwiseScores();
    return Evaluation.of(
        batch -> {
          PairwiseLoss.Scored scored = loss.evaluate(batch);
          int pairs = batch.size();
          for (int i = 0; i < pairs; i++) {
            scores.add(scored.rewards()[i], scored.rewards()[pairs + i]);
          }
          return scored.sum();
        },
        scores::metrics);
  }
}

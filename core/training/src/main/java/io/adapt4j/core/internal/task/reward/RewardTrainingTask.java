package io.adapt4j.core.internal.task.reward;

import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.Evaluation;
import io.adapt4j.core.internal.train.TrainingTask;
import java.util.Map;

/** Training of a reward model on pairs. */
public record RewardTrainingTask(PairwiseLoss loss, BestModelMetric selection)
    implements TrainingTask<RewardBatch> {

  @Override
  public double forwardBackward(RewardBatch batch, double scale, boolean recompute, long seed) {
    return loss.forwardBackward(batch, scale, recompute, seed);
  }

  @Override
  public double evaluate(RewardBatch batch) {
    return loss.evaluate(batch).sum();
  }

  @Override
  public long targets(RewardBatch batch) {
    return batch.size();
  }

  @Override
  public double weight(RewardBatch batch) {
    double sum = 0;
    for (float weight : batch.weights()) {
      sum += weight;
    }
    return sum;
  }

  @Override
  public long tokens(RewardBatch batch) {
    return batch.sides().tokens();
  }

  @Override
  public Evaluation<RewardBatch> evaluation() {
    PairwiseScores scores = new PairwiseScores();
    return new Evaluation<>() {
      @Override
      public double add(RewardBatch batch) {
        PairwiseLoss.Scored scored = loss.evaluate(batch);
        int pairs = batch.size();
        for (int i = 0; i < pairs; i++) {
          scores.add(scored.rewards()[i], scored.rewards()[pairs + i]);
        }
        return scored.sum();
      }

      @Override
      public Map<String, Double> metrics() {
        return scores.metrics();
      }
    };
  }
}

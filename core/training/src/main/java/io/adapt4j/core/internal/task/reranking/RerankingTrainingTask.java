package io.adapt4j.core.internal.task.reranking;

import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.loss.TextLoss;
import io.adapt4j.core.internal.nn.loss.TextTargets;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.CountedTask;
import io.adapt4j.core.internal.train.Evaluation;

/**
 * Training of the yes and no logits after a prompt. The cross-entropy of the two equals the binary
 * cross-entropy of their difference.
 */
record RerankingTrainingTask(Encoder choice, BestModelMetric selection)
    implements CountedTask<RerankingBatch> {

  @Override
  public double forwardBackward(RerankingBatch batch, double scale, boolean recompute, long seed) {
    return TextLoss.forwardBackward(
        choice, batch.texts().texts(), wanted(batch), scale, recompute, seed);
  }

  @Override
  public double evaluate(RerankingBatch batch) {
    return score(batch).sum();
  }

  private TextLoss.Scored score(RerankingBatch batch) {
    return TextLoss.evaluate(choice, batch.texts().texts(), wanted(batch));
  }

  private static TextTargets wanted(RerankingBatch batch) {
    return new TextTargets.ManyClasses(batch.texts().values(), batch.texts().weights());
  }

  @Override
  public Evaluation<RerankingBatch> evaluation() {
    RerankingScores scores = new RerankingScores();
    return Evaluation.of(
        batch -> {
          TextLoss.Scored scored = score(batch);
          scores.add(batch, scored.logits());
          return scored.sum();
        },
        scores::metrics);
  }
}

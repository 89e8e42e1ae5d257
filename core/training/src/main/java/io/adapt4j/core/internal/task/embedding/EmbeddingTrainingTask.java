package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.CountedTask;
import io.adapt4j.core.internal.train.Evaluation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Training of an encoder to embed queries near the passages that answer them. */
record EmbeddingTrainingTask(EmbeddingLoss loss, BestModelMetric selection)
    implements CountedTask<EmbeddingBatch> {

  @Override
  public double forwardBackward(EmbeddingBatch batch, double scale, boolean recompute, long seed) {
    return loss.forwardBackward(batch, scale, recompute, seed);
  }

  @Override
  public double evaluate(EmbeddingBatch batch) {
    return loss.evaluate(batch).sum();
  }

  @Override
  public Evaluation<EmbeddingBatch> evaluation() {
    List<RankingScores> scores = new ArrayList<>(List.of(new RankingScores()));
    loss.cuts().forEach(cut -> scores.add(new RankingScores(cut.dimension())));
    return Evaluation.of(
        batch -> {
          RankingLoss.Scored scored = loss.evaluate(batch);
          scores.forEach(ranking -> ranking.add(batch, scored));
          return scored.sum();
        },
        () -> {
          Map<String, Double> metrics = new LinkedHashMap<>();
          scores.forEach(ranking -> metrics.putAll(ranking.metrics()));
          return metrics;
        });
  }
}

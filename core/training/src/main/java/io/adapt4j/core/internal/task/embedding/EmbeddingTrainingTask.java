package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.Evaluation;
import io.adapt4j.core.internal.train.TrainingTask;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Training of an encoder to embed queries near the passages that answer them. */
record EmbeddingTrainingTask(EmbeddingLoss loss, BestModelMetric selection)
    implements TrainingTask<EmbeddingBatch> {

  @Override
  public double forwardBackward(EmbeddingBatch batch, double scale, boolean recompute, long seed) {
    return loss.forwardBackward(batch, scale, recompute, seed);
  }

  @Override
  public double evaluate(EmbeddingBatch batch) {
    return loss.evaluate(batch).sum();
  }

  @Override
  public long targets(EmbeddingBatch batch) {
    return batch.size();
  }

  @Override
  public double weight(EmbeddingBatch batch) {
    return batch.weight();
  }

  @Override
  public long tokens(EmbeddingBatch batch) {
    return batch.tokens();
  }

  @Override
  public Evaluation<EmbeddingBatch> evaluation() {
    List<RankingScores> scores = new ArrayList<>(List.of(new RankingScores()));
    loss.cuts().forEach(cut -> scores.add(new RankingScores(cut.dimension())));
    return new Evaluation<>() {
      @Override
      public double add(EmbeddingBatch batch) {
        RankingLoss.Scored scored = loss.evaluate(batch);
        scores.forEach(ranking -> ranking.add(batch, scored));
        return scored.sum();
      }

      @Override
      public Map<String, Double> metrics() {
        Map<String, Double> metrics = new LinkedHashMap<>();
        scores.forEach(ranking -> metrics.putAll(ranking.metrics()));
        return metrics;
      }
    };
  }
}

package io.adapt4j.core.internal.task.classification;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.metric.NumberErrors;
import java.util.Map;
import java.util.stream.DoubleStream;

/** Scores of regression. */
final class NumberScoring extends TextScores {

  private final DoubleStream.Builder truth = DoubleStream.builder();
  private final DoubleStream.Builder predicted = DoubleStream.builder();
  private Map<String, Double> result;

  @Override
  void add(TextBatch batch, float[] logits) {
    for (int i = 0; i < batch.rows(); i++) {
      truth.add(batch.values()[i]);
      predicted.add(logits[i]);
    }
  }

  @Override
  void fill(Map<String, Double> metrics) {
    if (result == null) {
      double[] wanted = truth.build().toArray();
      double[] given = predicted.build().toArray();
      result =
          Map.of(
              "mse", NumberErrors.meanSquared(wanted, given),
              "pearson", NumberErrors.pearson(wanted, given),
              "spearman", NumberErrors.spearman(wanted, given));
    }
    for (String name : new String[] {"mse", "pearson", "spearman"}) {
      metrics.put(name, result.get(name));
    }
  }

  @Override
  String text() {
    return "";
  }

  @Override
  void json(ObjectNode into) {
    // The metrics are complete.
  }
}

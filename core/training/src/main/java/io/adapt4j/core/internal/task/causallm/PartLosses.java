package io.adapt4j.core.internal.task.causallm;

import io.adapt4j.core.internal.data.PartBatches;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.Evaluation;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.train.TrainingWarning;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Evaluation that also measures the loss of each part of mixed data. */
final class PartLosses implements Evaluation<Batch> {

  /** Beginning of the names of these metrics. */
  static final String LOSS = "loss_";

  private final Evaluation<Batch> all;
  private final TrainingTask<Batch> task;
  private final PartBatches<Batch> batches;
  private final Map<String, Double> sums = new LinkedHashMap<>();
  private final Map<String, Double> weights = new LinkedHashMap<>();
  private int batch;

  PartLosses(Evaluation<Batch> all, TrainingTask<Batch> task, PartBatches<Batch> batches) {
    this.all = all;
    this.task = task;
    this.batches = batches;
  }

  @Override
  public double add(Batch added) {
    double loss = all.add(added);
    String part = batches.part(batch++);
    sums.merge(part, loss, Double::sum);
    weights.merge(part, task.weight(added), Double::sum);
    return loss;
  }

  @Override
  public Map<String, Double> metrics() {
    Map<String, Double> metrics = new LinkedHashMap<>(all.metrics());
    sums.forEach(
        (part, sum) -> metrics.put(LOSS + part, sum / Objects.requireNonNull(weights.get(part))));
    return metrics;
  }

  @Override
  public void finished(int step) {
    all.finished(step);
  }

  @Override
  public Optional<TrainingWarning> warning(int step) {
    return all.warning(step);
  }

  @Override
  public void write(Path output) {
    all.write(output);
  }
}

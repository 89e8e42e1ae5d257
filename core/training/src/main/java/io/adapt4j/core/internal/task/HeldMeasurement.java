package io.adapt4j.core.internal.task;

import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.train.Evaluation;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** Evaluation of a model on the validation data outside of a run. */
final class HeldMeasurement {

  private HeldMeasurement() {}

  /** Returns the loss and the task's metrics; empty without validation data. */
  static <B> Map<String, Double> of(Training<B> training) {
    if (training.held().isEmpty()) {
      return Map.of();
    }
    BatchSource<B> held = training.held().get();
    Evaluation<B> evaluation = training.task().evaluation();
    double sum = 0;
    double divisor = 0;
    Iterator<B> batches = held.epoch(0);
    while (batches.hasNext()) {
      B batch = batches.next();
      sum += evaluation.add(batch);
      divisor += training.task().weight(batch);
    }
    Map<String, Double> measured = new LinkedHashMap<>();
    measured.put("loss", sum / divisor);
    measured.putAll(evaluation.metrics());
    return measured;
  }
}

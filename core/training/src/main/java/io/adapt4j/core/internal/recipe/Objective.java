package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.task.Task;

/** Objective of a fine-tuning: its task, the model it needs, and the metric for the best model. */
public record Objective(Task task, String identity, BestModelMetric selection, TaskModel model) {

  /** Returns the identity: everything in the objective that affects the run. */
  public String wholeIdentity() {
    return identity + ", classes " + model.labels() + ", best by " + selection.metric();
  }
}

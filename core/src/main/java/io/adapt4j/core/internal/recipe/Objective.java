package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.task.Task;

/** What a fine-tuning is for. */
public record Objective(Task task, String identity, BestModelMetric selection, TaskModel model) {

  /** Everything of it that decides how a run goes. */
  public String wholeIdentity() {
    return identity + ", classes " + model.labels() + ", best by " + selection.metric();
  }
}

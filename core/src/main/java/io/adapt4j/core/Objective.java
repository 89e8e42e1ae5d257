package io.adapt4j.core;

import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Selection;

/**
 * What a fine-tuning is for.
 *
 * @param task the task
 * @param selection which checkpoint is the best
 * @param model the model it needs
 */
record Objective(Task task, Selection selection, TaskModel model) {

  /** Everything of it that decides how a run goes. */
  String identity() {
    return task + ", classes " + model.labels() + ", best by " + selection.metric();
  }
}

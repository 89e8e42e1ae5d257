package io.adapt4j.core.internal.task.coherence;

import io.adapt4j.core.task.Task;
import io.adapt4j.core.task.TaskKind;

/** Telling whether two halves belong to one text. */
public record CoherenceTask() implements Task {

  @Override
  public TaskKind kind() {
    return TaskKind.CLASSIFICATION;
  }
}

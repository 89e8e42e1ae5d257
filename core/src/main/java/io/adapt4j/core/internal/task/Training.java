package io.adapt4j.core.internal.task;

import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.train.StepHooks;
import io.adapt4j.core.internal.train.TrainingTask;
import java.util.Optional;

/** What a run goes over. */
public record Training<B>(
    TrainingTask<B> task,
    BatchSource<B> batches,
    Optional<? extends BatchSource<B>> held,
    Adaptation adaptation,
    StepHooks hooks,
    int stepsTogether) {

  /** Makes a training with the task's own loss and steps by themselves. */
  public Training(
      TrainingTask<B> task,
      BatchSource<B> batches,
      Optional<? extends BatchSource<B>> held,
      Adaptation adaptation) {
    this(task, batches, held, adaptation, StepHooks.NONE, 1);
  }
}

package io.adapt4j.core.internal.task;

import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.train.StepHooks;
import io.adapt4j.core.internal.train.TrainingTask;
import java.util.Optional;

/** Everything the training loop needs: task, batches, validation batches and adaptation. */
public record Training<B>(
    TrainingTask<B> task,
    BatchSource<B> batches,
    Optional<? extends BatchSource<B>> held,
    Adaptation adaptation,
    StepHooks hooks,
    int stepsTogether) {

  /** Creates a training without hooks whose batches are made step by step. */
  public Training(
      TrainingTask<B> task,
      BatchSource<B> batches,
      Optional<? extends BatchSource<B>> held,
      Adaptation adaptation) {
    this(task, batches, held, adaptation, StepHooks.NONE, 1);
  }

  /** Initializes the method's values by passes over the training data. */
  void initialize() {
    adaptation.initialize(new DataPasses<>(task, batches));
  }
}

package io.adapt4j.core.internal.task.causallm;

import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.Evaluation;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.train.TrainingWarning;
import java.util.Optional;

/** Evaluation that also answers some rows. */
record SampledEvaluation(TrainingTask<Batch> task, AnswerSamples samples)
    implements Evaluation<Batch> {

  @Override
  public double add(Batch batch) {
    return task.evaluate(batch);
  }

  @Override
  public void finished(int step) {
    samples.take(step);
  }

  @Override
  public Optional<TrainingWarning> warning(int step) {
    return samples.warning(step);
  }
}

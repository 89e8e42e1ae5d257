package io.adapt4j.core.internal.task.causallm;

import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.Evaluation;
import io.adapt4j.core.internal.train.NextTokens;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.train.TrainingWarning;
import java.util.Optional;

/** Next-token prediction that also answers some rows at each evaluation. */
record SampledNextTokens(NextTokens task, AnswerSamples samples) implements TrainingTask<Batch> {

  @Override
  public double forwardBackward(Batch batch, double scale, boolean recompute, long seed) {
    return task.forwardBackward(batch, scale, recompute, seed);
  }

  @Override
  public double evaluate(Batch batch) {
    return task.evaluate(batch);
  }

  @Override
  public long targets(Batch batch) {
    return task.targets(batch);
  }

  @Override
  public double weight(Batch batch) {
    return task.weight(batch);
  }

  @Override
  public long tokens(Batch batch) {
    return task.tokens(batch);
  }

  @Override
  public Evaluation<Batch> evaluation() {
    return new Evaluation<>() {
      @Override
      public double add(Batch batch) {
        return evaluate(batch);
      }

      @Override
      public void finished(int step) {
        samples.take(step);
      }

      @Override
      public Optional<TrainingWarning> warning(int step) {
        return samples.warning(step);
      }
    };
  }
}

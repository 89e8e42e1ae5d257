package io.adapt4j.core.internal.task.maskedlm;

import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.loss.EncoderLoss;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingTask;

/** Masked-token prediction by an encoder (Devlin et al. 2019). */
public record MaskedLmTrainingTask(Encoder encoder) implements TrainingTask<Batch> {

  @Override
  public double forwardBackward(Batch batch, double scale, boolean recompute, long seed) {
    return EncoderLoss.forwardBackward(encoder, batch, scale, recompute, seed);
  }

  @Override
  public boolean isTokenLoss() {
    return true;
  }

  @Override
  public double evaluate(Batch batch) {
    return EncoderLoss.evaluate(encoder, batch);
  }

  @Override
  public long targets(Batch batch) {
    return TargetRows.masked(batch.labels()).count();
  }

  @Override
  public long tokens(Batch batch) {
    return batch.tokens();
  }
}

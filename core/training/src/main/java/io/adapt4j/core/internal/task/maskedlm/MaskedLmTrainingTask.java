package io.adapt4j.core.internal.task.maskedlm;

import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.loss.EncoderLoss;
import io.adapt4j.core.internal.train.TrainingTask;

/** Masked-token prediction by an encoder (Devlin et al. 2019). */
public record MaskedLmTrainingTask(Encoder encoder) implements TrainingTask<TextBatch> {

  @Override
  public double forwardBackward(TextBatch batch, double scale, boolean recompute, long seed) {
    return EncoderLoss.forwardBackward(encoder, batch.texts(), scale, recompute, seed);
  }

  @Override
  public boolean isTokenLoss() {
    return true;
  }

  @Override
  public double evaluate(TextBatch batch) {
    return EncoderLoss.evaluate(encoder, batch.texts());
  }

  @Override
  public long targets(TextBatch batch) {
    return batch.targets();
  }

  @Override
  public long tokens(TextBatch batch) {
    return batch.tokens();
  }
}

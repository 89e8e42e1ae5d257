package io.adapt4j.core.internal.task.seq2seq;

import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.nn.loss.SequenceLoss;
import io.adapt4j.core.internal.train.TrainingTask;
import java.util.Arrays;

/** Training of an encoder-decoder to generate a target text from a source text. */
record SequenceTrainingTask(EncoderDecoder network, double labelSmoothing)
    implements TrainingTask<SequenceInputs> {

  @Override
  public double forwardBackward(SequenceInputs batch, double scale, boolean recompute, long seed) {
    return SequenceLoss.forwardBackward(network, batch, labelSmoothing, scale, recompute, seed);
  }

  @Override
  public boolean isTokenLoss() {
    return true;
  }

  @Override
  public double evaluate(SequenceInputs batch) {
    return SequenceLoss.evaluate(network, batch);
  }

  @Override
  public long targets(SequenceInputs batch) {
    return batch.targets();
  }

  @Override
  public double weight(SequenceInputs batch) {
    return batch.targetWeight();
  }

  @Override
  public long tokens(SequenceInputs batch) {
    return Arrays.stream(batch.attentionMask()).sum() + batch.targets();
  }
}

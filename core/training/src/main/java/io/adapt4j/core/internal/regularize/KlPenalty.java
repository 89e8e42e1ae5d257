package io.adapt4j.core.internal.regularize;

import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.loss.Divergence;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.Penalty;

/**
 * KL divergence of a model from its base, on one replay batch every {@code interval} steps.
 *
 * @param base the model before training; closed with this
 */
record KlPenalty(
    Decoder decoder,
    BaseModel base,
    Batches batches,
    double strength,
    int interval,
    boolean recompute)
    implements Penalty {

  @Override
  public double add(int step, long seed) {
    if (step % interval != 0) {
      return 0;
    }
    int turn = step / interval;
    Batch batch = batches.epoch(turn / batches.count(), turn % batches.count()).next();
    double scale = strength * interval / batch.targetTokens();
    try (Scope scope = Scope.open(decoder.engine())) {
      Tensor rows = base.rows(batch);
      return scale
          * Divergence.forwardBackward(decoder, batch, rows, base.head(), scale, recompute, seed);
    }
  }

  @Override
  public void close() {
    base.close();
  }
}

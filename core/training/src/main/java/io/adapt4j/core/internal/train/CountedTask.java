package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.data.CountedBatch;

/** Training task whose batches know their numbers of loss terms and tokens. */
public interface CountedTask<B extends CountedBatch> extends TrainingTask<B> {

  @Override
  default long targets(B batch) {
    return batch.targets();
  }

  @Override
  default double weight(B batch) {
    return batch.weight();
  }

  @Override
  default long tokens(B batch) {
    return batch.tokens();
  }
}

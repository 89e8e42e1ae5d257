package io.adapt4j.core.internal.data;

/** Sampler that cuts the epoch's order into consecutive batches. */
public record SequentialBatches(int size, int batchSize, EpochOrder order) implements BatchSampler {

  @Override
  public int count() {
    return BatchSampler.batches(size, batchSize);
  }

  @Override
  public Epoch epoch(int epoch) {
    return BatchSampler.consecutive(order.samples(size, epoch), batchSize);
  }
}

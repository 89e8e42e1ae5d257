package io.adapt4j.core.internal.data;

/**
 * Samples as their order has them.
 *
 * @param size number of samples
 * @param batchSize rows a batch
 * @param order of the samples
 */
public record InOrder(int size, int batchSize, EpochOrder order) implements Arrangement {

  @Override
  public int count() {
    return Arrangement.batches(size, batchSize);
  }

  @Override
  public Epoch epoch(int epoch) {
    return Arrangement.consecutive(order.samples(size, epoch), batchSize);
  }
}

package io.adapt4j.core.internal.data;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;

/** Batches made on demand from the rows that a sampler assigns to them. */
public record ArrangedBatches<B>(BatchSampler batchSampler, Maker<B> maker)
    implements BatchSource<B> {

  /** Factory of batches. */
  @FunctionalInterface
  public interface Maker<B> {

    B make(int epoch, int number, int[][] rows);
  }

  @Override
  public int count() {
    return batchSampler.count();
  }

  @Override
  public Iterator<B> epoch(int epoch, int firstBatch) {
    if (epoch < 0) {
      throw new IllegalArgumentException("epoch must be at least 0, found " + epoch);
    }
    Objects.checkIndex(firstBatch, count() + 1);
    BatchSampler.Epoch batches = batchSampler.epoch(epoch);
    return new Iterator<>() {

      private int next = firstBatch;

      @Override
      public boolean hasNext() {
        return next < count();
      }

      @Override
      public B next() {
        if (!hasNext()) {
          throw new NoSuchElementException("the epoch has " + count() + " batches");
        }
        int number = next++;
        return maker.make(epoch, number, batches.batch(number));
      }
    };
  }
}

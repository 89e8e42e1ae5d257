package io.adapt4j.core.internal.data;

import com.google.common.collect.Iterators;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorData;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;

/**
 * Source of batches to train or evaluate on, epoch by epoch. The batches of an epoch are
 * reproducible, so that a run can resume at any of them; a source whose batches depend on earlier
 * training keeps them in its {@link #state}.
 */
public interface BatchSource<B> {

  /** Returns the number of batches in an epoch. */
  int count();

  /** Iterates over an epoch from a given batch; earlier batches are not made. */
  Iterator<B> epoch(int epoch, int firstBatch);

  /** Iterates over an epoch. */
  default Iterator<B> epoch(int epoch) {
    return epoch(epoch, 0);
  }

  /** Maps batches lazily. */
  default <C> BatchSource<C> map(Function<? super B, C> change) {
    BatchSource<B> own = this;
    return new BatchSource<>() {

      @Override
      public int count() {
        return own.count();
      }

      @Override
      public Iterator<C> epoch(int epoch, int firstBatch) {
        return Iterators.transform(own.epoch(epoch, firstBatch), change::apply);
      }
    };
  }

  /** Returns the batch that is cheapest to make, to try a model on. */
  default B any() {
    return epoch(0).next();
  }

  /** Returns the tensors to save with a run's state so that it can resume between two batches. */
  default List<TensorData> state() {
    return List.of();
  }

  /** Restores a saved {@link #state}. */
  default void restore(Checkpoint state) {}
}

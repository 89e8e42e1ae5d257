package io.adapt4j.core.internal.data;

import com.google.common.collect.Iterators;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorData;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;

/**
 * Batches to train or evaluate on, epoch by epoch. The batches of an epoch are the same every time
 * they are asked for, so that a run can go on from any of them; a source whose batches depend on
 * what was trained before keeps them in its {@link #state} for that.
 */
public interface BatchSource<B> {

  /** Returns the number of batches in an epoch. */
  int count();

  /** Goes through an epoch from any batch on; those before it are not made. */
  Iterator<B> epoch(int epoch, int firstBatch);

  /** Goes through an epoch from its first batch. */
  default Iterator<B> epoch(int epoch) {
    return epoch(epoch, 0);
  }

  /** Makes other batches of these, one at a time. */
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

  /** Returns a batch to try a model on, the one that is easiest to come by. */
  default B any() {
    return epoch(0).next();
  }

  /** Returns what must be kept with a run's state to go on between two batches. */
  default List<TensorData> state() {
    return List.of();
  }

  /** Takes over what {@link #state} returned. */
  default void restore(Checkpoint state) {}
}

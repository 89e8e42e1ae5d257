package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.data.Peers;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/**
 * Group of workers that train one model together, as seen by one of them. All perform the same
 * steps on the same data; each computes the micro-batches whose index modulo the number of workers
 * is its rank. Every method waits for the other workers, which must call the same methods in the
 * same order.
 */
public interface WorkerGroup extends Peers {

  WorkerGroup ALONE =
      new WorkerGroup() {

        @Override
        public int rank() {
          return 0;
        }

        @Override
        public int size() {
          return 1;
        }

        @Override
        public void add(List<Tensor> gradients, int contributors) {
          throw new IllegalStateException("a worker by itself has nobody to add gradients of");
        }

        @Override
        public void sum(List<Tensor> gradients) {
          throw new IllegalStateException("a worker by itself has nobody to add gradients of");
        }

        @Override
        public List<byte[]> exchange(byte[] own) {
          return List.of(own);
        }
      };

  /** {@return the rank of this worker, from 0; rank 0 leads and is the only one to write files} */
  @Override
  int rank();

  /** {@return the number of workers} */
  @Override
  int size();

  /** {@return whether this worker is the one that writes files} */
  default boolean leads() {
    return rank() == 0;
  }

  /**
   * Returns whether gradients are summed per micro-batch, in the order of a single process.
   * Otherwise each worker accumulates its own first, which sends less but rounds differently.
   */
  default boolean addsEveryMicroBatch() {
    return true;
  }

  /**
   * Returns whether workers share the tokenization of the training data, if the task supports it.
   * Otherwise each tokenizes all of it, and they compare the results.
   */
  default boolean sharesData() {
    return false;
  }

  /**
   * Adds the gradients of one micro-batch of each worker to the sum of the step, in the order of
   * ranks.
   */
  void add(List<Tensor> gradients, int contributors);

  /** Retrieves the sum of the step and resets it. */
  void sum(List<Tensor> gradients);

  /** Gathers the bytes of all workers at every worker (all-gather). */
  @Override
  List<byte[]> exchange(byte[] own);
}

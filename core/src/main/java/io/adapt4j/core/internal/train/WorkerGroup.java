package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.data.Peers;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/**
 * The workers that train one model together, as one of them sees them. All perform the same steps
 * on the same data; of a step's micro-batches each takes those whose number, divided by the number
 * of workers, leaves its rank. Every method waits for the other workers, who must call the same
 * methods in the same order.
 */
public interface WorkerGroup extends Peers {

  /** One worker by itself. */
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

  /** {@return the number of this worker, from 0; that of rank 0 leads, and alone writes files} */
  @Override
  int rank();

  /** {@return how many workers there are} */
  @Override
  int size();

  /** {@return whether this worker is the one that writes files} */
  default boolean leads() {
    return rank() == 0;
  }

  /**
   * Says when gradients are added up: micro-batch by micro-batch, in the order of one process, or
   * each worker's own first, which sends less and rounds otherwise.
   */
  default boolean addsEveryMicroBatch() {
    return true;
  }

  /**
   * Returns whether workers tokenize the training data together, each a part, where the task can.
   * Otherwise each tokenizes all of it, and they compare what they have.
   */
  default boolean sharesData() {
    return false;
  }

  /**
   * Adds the gradients of one micro-batch of each worker to the sum of the step, in the order of
   * ranks.
   */
  void add(List<Tensor> gradients, int contributors);

  /**
   * Takes the sum of the step, which then begins anew.
   *
   * @param gradients overwritten by the sum
   */
  void sum(List<Tensor> gradients);

  /** Tells every worker something. */
  @Override
  List<byte[]> exchange(byte[] own);
}

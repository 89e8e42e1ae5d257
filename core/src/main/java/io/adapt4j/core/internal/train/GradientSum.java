package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import java.util.ArrayList;
import java.util.List;

/**
 * Adds up the gradients of a step's micro-batches, each formed by itself. An operator that adds to
 * a gradient several times, or fuses a product with the sum, would round otherwise if it went on
 * from those before; like this the sum is the same wherever the micro-batches are computed.
 */
final class GradientSum implements AutoCloseable {

  private final List<Tensor> gradients;
  private final WorkerGroup workers;
  private final List<Tensor> sums = new ArrayList<>();

  GradientSum(List<Tensor> gradients, WorkerGroup workers) {
    this.gradients = gradients;
    this.workers = workers;
  }

  /** Numbers of the micro-batches that are this worker's, of so many. */
  List<Integer> own(int microBatches) {
    List<Integer> own = new ArrayList<>();
    for (int number = workers.rank(); number < microBatches; number += workers.size()) {
      own.add(number);
    }
    return own;
  }

  /** Takes up what the gradients hold after a micro-batch; they are zero when it returns. */
  void add(int number, int microBatches) {
    boolean last = number + workers.size() >= microBatches;
    if (workers.size() > 1 && workers.addsEveryMicroBatch()) {
      int first = number - workers.rank();
      workers.add(gradients, Math.min(workers.size(), microBatches - first));
      TensorLists.zero(gradients);
    } else if (last) {
      if (!isFirst(number)) {
        TensorLists.add(gradients, sums);
      }
    } else {
      allocate();
      if (isFirst(number)) {
        TensorLists.copy(sums, gradients);
      } else {
        TensorLists.add(sums, gradients);
      }
      TensorLists.zero(gradients);
    }
  }

  private boolean isFirst(int number) {
    return number < workers.size();
  }

  /** Puts the sum of all micro-batches where the gradients were. */
  void finish(int microBatches) {
    if (workers.size() == 1) {
      return;
    }
    if (workers.addsEveryMicroBatch()) {
      int rest = microBatches % workers.size();
      if (rest > 0 && workers.rank() >= rest) {
        workers.add(gradients, rest);
      }
    } else {
      workers.add(gradients, Math.min(workers.size(), microBatches));
    }
    workers.sum(gradients);
  }

  private void allocate() {
    if (sums.isEmpty()) {
      gradients.forEach(gradient -> sums.add(Tensor.empty(DType.F32, gradient.sizes()).own()));
    }
  }

  @Override
  public void close() {
    sums.forEach(Tensor::close);
    sums.clear();
  }
}

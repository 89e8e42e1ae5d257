package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import java.util.ArrayList;
import java.util.List;

/**
 * Accumulates the gradients of a step's micro-batches, each computed from zero. Operators that add
 * to a gradient several times, or fuse a product with the sum, would round differently if they
 * continued from earlier gradients; this way the sum does not depend on which worker computes a
 * micro-batch.
 */
final class GradientSum implements AutoCloseable {

  private final List<Tensor> gradients;
  private final WorkerGroup workers;
  private final List<Tensor> sums = new ArrayList<>();

  GradientSum(List<Tensor> gradients, WorkerGroup workers) {
    this.gradients = gradients;
    this.workers = workers;
  }

  /** Returns the indices of this worker's micro-batches. */
  List<Integer> own(int microBatches) {
    List<Integer> own = new ArrayList<>();
    for (int number = workers.rank(); number < microBatches; number += workers.size()) {
      own.add(number);
    }
    return own;
  }

  /** Adds the gradients of a micro-batch and clears them, except after the last one. */
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

  /** Replaces the gradients by the sum over all micro-batches. */
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

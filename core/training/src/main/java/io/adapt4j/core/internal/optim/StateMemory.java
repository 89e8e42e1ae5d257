package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.PinnedMemory;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.util.List;
import java.util.function.Consumer;

/** Location of an optimizer's moments between steps. */
public enum StateMemory {

  /** On the device of the values. */
  BESIDE_VALUES,

  /**
   * In host memory. The moments of one value at a time are copied to its device, and back after the
   * update, without waiting for either copy (QLoRA, Dettmers et al. 2023, section 3, which leaves
   * the copying to the driver).
   */
  PAGED;

  /**
   * Returns the location of paged moments. Values in host memory need no paging: their moments are
   * there anyway.
   */
  static StateMemory paged(List<Trainable> trained) {
    return trained.stream().allMatch(parameter -> parameter.value().isOnHost())
        ? BESIDE_VALUES
        : PAGED;
  }

  /** Returns the number of values updated at once. */
  int atOnce(int values) {
    return this == PAGED ? 1 : values;
  }

  /** Creates a zero moment. */
  Tensor zeros(DType type, long... sizes) {
    return this == PAGED ? PinnedMemory.zeros(type, sizes) : Tensor.zeros(type, sizes);
  }

  /** Waits until moments that were copied back may be read. */
  void settle(List<Trainable> trained) {
    if (this == PAGED) {
      PinnedMemory.settle(trained.get(0).value());
    }
  }

  /** Updates moments on the device of the values. */
  void update(List<Tensor> moments, Tensor values, Consumer<List<Tensor>> update) {
    if (this == BESIDE_VALUES) {
      update.accept(moments);
      return;
    }
    try (Scope scope = Scope.open(values.engine())) {
      List<Tensor> copies = moments.stream().map(moment -> moment.copyBeside(values)).toList();
      update.accept(copies);
      PinnedMemory.copyBack(moments, copies);
    }
  }
}

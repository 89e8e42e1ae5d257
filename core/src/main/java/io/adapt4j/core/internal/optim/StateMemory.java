package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Parameter.Trainable;
import io.adapt4j.core.internal.tensor.PinnedMemory;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;

/** Where the moments of an optimizer stay between steps. */
public enum StateMemory {

  /** Where the values are. */
  BESIDE_VALUES,

  /**
   * In host memory. Those of one value at a time are copied to where it is, and back when they have
   * been updated, without waiting for either copy (QLoRA, Dettmers et al. 2023, section 3, which
   * leaves the copying to the driver).
   */
  PAGED;

  /** Where paged moments of some values stay: those of values in host memory are there anyway. */
  static StateMemory paged(List<Trainable> trained) {
    return trained.stream().allMatch(parameter -> parameter.value().isOnHost())
        ? BESIDE_VALUES
        : PAGED;
  }

  /** How many of so many values are updated at once. */
  int atOnce(int values) {
    return this == PAGED ? 1 : values;
  }

  /** A moment before the first step. */
  Tensor zeros(DType type, long... sizes) {
    return this == PAGED ? PinnedMemory.zeros(type, sizes) : Tensor.zeros(type, sizes);
  }

  /** Waits until moments that were copied back may be read. */
  void settle(List<Trainable> trained) {
    if (this == PAGED) {
      PinnedMemory.settle(trained.get(0).value());
    }
  }

  /**
   * Updates moments where the values are.
   *
   * @param update gets the moments, in order, and changes them in place
   */
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

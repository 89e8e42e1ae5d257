package io.adapt4j.core.internal.nn.memory;

import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.WrappedLinear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Placeholder for plain LoRA when the method itself is not available, as in memory planning: in
 * passes on shapes it saves its input, adds in place, and has a gradient by its input.
 */
record LowRankOutline(Linear base) implements WrappedLinear {

  /** Puts placeholders on the layers with LoRA matrices. */
  record OfSlots(Set<Integer> slots) implements TrainableSummary.Adapters {

    OfSlots(List<TrainableSummary.LoraMatrices> factors) {
      this(
          factors.stream()
              .map(TrainableSummary.LoraMatrices::slot)
              .collect(Collectors.toUnmodifiableSet()));
    }

    @Override
    public Linear put(Linear base, int slot, DType type) {
      return slots.contains(slot) ? new LowRankOutline(base) : base;
    }
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    Tensor y = base.forward(ops, x);
    Tensor sum = y.viewed(y.sizes());
    ops.saveForBackward(x);
    ops.record(
        new Tensor[] {sum},
        new Tensor[] {y, x},
        dy -> new Tensor[] {dy[0], Tensor.empty(x.type(), x.sizes())});
    return sum;
  }

  @Override
  public Linear innermost() {
    return this;
  }
}

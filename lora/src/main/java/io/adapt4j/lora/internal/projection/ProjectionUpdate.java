package io.adapt4j.lora.internal.projection;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/** The trained update of one projection: one tensor in fp32, zeros at first. */
public abstract class ProjectionUpdate implements AutoCloseable {

  protected final Site site;
  protected final Parameter parameter;

  /** Allocates the tensor, whose name in PEFT's files has this end. */
  protected ProjectionUpdate(Site site, String end, List<Long> shape) {
    this.site = site;
    this.parameter =
        Parameter.of(
            PeftNames.update(site.path(), end),
            shape.stream().mapToLong(Long::longValue).toArray());
    parameter.allocate(DType.F32);
    try (Tensor zero = Tensor.zeros(DType.F32, 1)) {
      parameter.value().copyFrom(zero);
    }
  }

  final Parameter parameter() {
    return parameter;
  }

  /** Sets the initial values that are not zero. */
  protected void initialize(long seed) {}

  /** Updates derived values after the trained ones changed. */
  protected void refresh() {}

  /** Returns whether the whole layer is computed from a changed input. */
  protected boolean changesInput() {
    return false;
  }

  /** Returns the changed input of a layer that has this projection only. */
  protected Tensor input(Ops ops, Tensor x) {
    throw new IllegalStateException("This update does not change the input");
  }

  /**
   * Adds the update to the projection's outputs in place.
   *
   * @param y the layer's outputs [.., out]; not to be used afterwards
   * @param x the layer's input [.., in]
   * @param weight returns the projection's weight [width, in], which the caller closes
   */
  protected abstract Tensor add(Ops ops, Tensor y, Tensor x, Supplier<Tensor> weight);

  /** Returns y for backward: the gradients of x and of the trained tensor from that of y. */
  protected final Tensor recorded(
      Ops ops, Tensor sum, Tensor y, Tensor x, Function<Tensor, Tensor[]> back) {
    return ops.recorded(
        ops.isRecording(),
        sum,
        new Tensor[] {y, x},
        dy -> {
          Tensor[] d = back.apply(dy);
          accumulate(d[1]);
          return new Tensor[] {dy, d[0]};
        },
        x);
  }

  protected final void accumulate(Tensor gradient) {
    if (parameter.isTrained()) {
      try (Scope scope = Scope.open()) {
        parameter.gradient().copyFrom(parameter.gradient().plus(gradient));
      }
    }
  }

  /** Returns the product of thin matrices that equals the update. */
  protected LayerMerge.Product product() {
    throw new IllegalStateException("This update is no product of thin matrices");
  }

  /** Adds the update to a weight [width, in] of any type. */
  protected abstract void merge(Tensor weight);

  protected void load(Checkpoint file) {
    Weights.fill(parameter.value(), file, parameter.slices().get(0).name());
  }

  protected List<TensorData> tensors() {
    return List.of(
        Weights.tensor(
            parameter.slices().get(0).name(),
            parameter.value(),
            parameter.slices().get(0),
            StoredType.F32));
  }

  @Override
  public void close() {
    parameter.close();
  }
}

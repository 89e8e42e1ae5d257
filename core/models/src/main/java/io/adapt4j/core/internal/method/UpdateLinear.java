package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearTerms;
import io.adapt4j.core.internal.nn.linear.StackedLinear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import java.util.List;

/** A linear layer with updates of its weight: y = x W' + x delta'. */
final class UpdateLinear implements StackedLinear {

  private Linear base;
  private final List<UpdatePart> updates;
  private final Parameter delta;
  private boolean enabled = true;

  /**
   * Wraps a layer.
   *
   * @param base the layer, owned from now on
   */
  UpdateLinear(Linear base, List<UpdatePart> updates, DType type) {
    this.base = base;
    this.updates = List.copyOf(updates);
    List<Slice> slices =
        base.parts().stream()
            .map(part -> new Slice(part.path() + ".delta", part.start(), part.width()))
            .toList();
    delta = new Parameter(slices, base.outFeatures(), base.inFeatures());
    delta.allocate(type);
    try (Tensor zeros = Tensor.zeros(type, delta.sizes())) {
      delta.value().copyFrom(zeros);
    }
  }

  List<UpdatePart> updates() {
    return updates;
  }

  void train() {
    delta.train();
    updates.forEach(update -> update.parameters().forEach(Parameter::train));
  }

  void enabled(boolean on) {
    enabled = on;
  }

  void refresh() {
    for (UpdatePart update : updates) {
      try (Tensor rows = rows(delta.master(), update)) {
        update.apply(rows);
      }
    }
    delta.refresh();
  }

  /** Backpropagates the gradient of the updates to their parameters. */
  void collectGradients() {
    for (UpdatePart update : updates) {
      try (Tensor rows = rows(delta.gradient(), update)) {
        update.forwardBackward(rows);
      }
    }
    TensorLists.zero(List.of(delta.gradient()));
  }

  private static Tensor rows(Tensor all, UpdatePart update) {
    return all.narrow(0, update.part().start(), update.part().width());
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    Tensor y = base.forward(ops, x);
    return enabled ? ops.add(y, ops.linear(x, delta, null)) : y;
  }

  @Override
  public boolean describe(LinearTerms terms) {
    return !enabled && base.describe(terms);
  }

  @Override
  public Linear base() {
    return base;
  }

  @Override
  public void base(Linear other) {
    base = other;
  }

  /** Removes this layer from a stack of layers and frees its tensors. */
  Linear detach(Linear top) {
    Linear left = StackedLinear.without(top, this);
    closeUpdates();
    return left;
  }

  private void closeUpdates() {
    delta.close();
    updates.forEach(UpdatePart::close);
  }

  @Override
  public void close() {
    base.close();
    closeUpdates();
  }
}

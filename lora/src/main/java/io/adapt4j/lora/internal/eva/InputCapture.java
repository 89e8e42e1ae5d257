package io.adapt4j.lora.internal.eva;

import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.StackedLinear;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.function.Consumer;

/** A layer that also passes its inputs on. */
final class InputCapture implements StackedLinear {

  private final Consumer<Tensor> inputs;
  private Linear base;

  InputCapture(Linear base, Consumer<Tensor> inputs) {
    this.base = base;
    this.inputs = inputs;
  }

  @Override
  public Linear base() {
    return base;
  }

  @Override
  public void base(Linear other) {
    base = other;
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    inputs.accept(x);
    return base.forward(ops, x);
  }

  @Override
  public void close() {
    base.close();
  }
}

package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;

/** Placeholder in a layer without an MLP; never applied. */
public record NoMlp() implements Mlp {

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    throw new IllegalStateException("this layer has no MLP");
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of();
  }
}

package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;

/** Feed-forward layer without a gate: down(act(up(x))) (Vaswani et al. 2017, eq. 2). */
public record PlainMlp(LinearSlot up, LinearSlot down, Activation activation) implements Mlp {

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    Tensor inner = ops.activationOf(up.forward(ops, x), activation);
    return down.forward(ops, ops.dropInner(inner), computed);
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of(up, down);
  }
}

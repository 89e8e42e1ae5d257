package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;

/** Gated feed-forward layer: down(act(gate(x)) * up(x)) (Shazeer 2020). */
public record GatedMlp(LinearSlot gateUp, LinearSlot down, Activation activation) implements Mlp {

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    Tensor inner = ops.gated(gateUp.forward(ops, x), activation);
    return down.forward(ops, ops.dropInner(inner), computed);
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of(gateUp, down);
  }
}

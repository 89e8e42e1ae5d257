package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;

/**
 * Gated feed-forward layer whose first projection outputs up before gate: down(act(gate(x)) *
 * up(x)).
 */
public record UpGateMlp(GatedMlp mlp) implements Mlp {

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    Tensor[] parts = ops.splitEvenly(mlp.gateUp().forward(ops, x), 2);
    Tensor inner = ops.gated(ops.joinColumns(List.of(parts[1], parts[0])), mlp.activation());
    return mlp.down().forward(ops, ops.dropInner(inner), computed);
  }

  @Override
  public List<LinearSlot> linears() {
    return mlp.linears();
  }
}

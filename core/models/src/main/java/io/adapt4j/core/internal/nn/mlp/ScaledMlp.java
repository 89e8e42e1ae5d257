package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;

/** Gated feed-forward layer with scale factors: factor down(act(gateFactor gate(x)) * up(x)). */
public record ScaledMlp(GatedMlp mlp, double gateFactor, double factor) implements Mlp {

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    long width = mlp.gateUp().linear().outFeatures() / 2;
    Tensor[] parts = ops.splitColumns(mlp.gateUp().forward(ops, x), width, width);
    Tensor scaled = ops.joinColumns(List.of(ops.scaled(parts[0], gateFactor), parts[1]));
    Tensor inner = ops.gated(scaled, mlp.activation());
    return ops.scaled(mlp.down().forward(ops, inner, computed || factor != 1), factor);
  }

  @Override
  public List<LinearSlot> linears() {
    return mlp.linears();
  }
}

package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.StreamOps;
import java.util.List;

/**
 * Gated feed-forward layer in which only the largest gate values pass: down(act(how far gate(x)
 * lies above a quantile) * up(x)) (Google 2025, Gemma 3n).
 */
public record SparseGatedMlp(GatedMlp mlp, double share) implements Mlp {

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    Tensor[] parts = ops.splitEvenly(mlp.gateUp().forward(ops, x), 2);
    Tensor above = StreamOps.aboveQuantile(ops, parts[0], share);
    Tensor inner = ops.gated(ops.joinColumns(List.of(above, parts[1])), mlp.activation());
    return mlp.down().forward(ops, ops.dropInner(inner), computed);
  }

  @Override
  public List<LinearSlot> linears() {
    return mlp.linears();
  }
}

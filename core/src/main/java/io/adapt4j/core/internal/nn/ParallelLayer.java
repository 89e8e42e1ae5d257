package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/**
 * A layer whose attention and MLP read the same input: x + attention(norm(x)) + mlp(norm(x)).
 *
 * @param attentionNorm norm of attention's input
 * @param attention mixes positions
 * @param mlpNorm norm of the MLP's input
 * @param mlp works on each position alone
 */
public record ParallelLayer(Norm attentionNorm, Attention attention, Norm mlpNorm, Mlp mlp)
    implements Layer {

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int index) {
    Tensor attended = attention.forward(ops, attentionNorm.forward(ops, x), positions, index);
    Tensor worked = mlp.forward(ops, mlpNorm.forward(ops, x));
    return ops.add(ops.add(x, attended), worked);
  }

  @Override
  public List<Norm> norms() {
    return List.of(attentionNorm, mlpNorm);
  }
}

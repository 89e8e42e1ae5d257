package io.adapt4j.core.internal.nn.layer;

import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;

/**
 * A layer whose attention and MLP read the same input: x + attention(norm(x)) + mlp(norm(x)), with
 * separate norms or a shared one.
 */
public record ParallelLayer(Norm attentionNorm, Mixer mixer, Norm mlpNorm, Mlp mlp)
    implements Layer {

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int index) {
    Tensor normed = attentionNorm.forward(ops, x);
    Tensor attended = mixer.forward(ops, normed, positions, index);
    Tensor worked = mlp.forward(ops, sharesNorm() ? normed : mlpNorm.forward(ops, x));
    return ops.add(ops.add(x, ops.dropAttentionOutput(attended)), ops.dropMlpOutput(worked));
  }

  @Override
  public List<Norm> norms() {
    return sharesNorm() ? List.of(attentionNorm) : List.of(attentionNorm, mlpNorm);
  }

  private boolean sharesNorm() {
    return mlpNorm == attentionNorm;
  }
}

package io.adapt4j.core.internal.nn.layer;

import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;

/**
 * A layer that normalizes the residual stream after each branch, as in the original transformer:
 * norm(x + attention(x)), then norm(x + mlp(x)).
 */
public record PostNormLayer(Mixer mixer, Norm attentionNorm, Mlp mlp, Norm mlpNorm)
    implements Layer {

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int index) {
    Tensor attended = ops.dropAttentionOutput(mixer.forward(ops, x, positions, index));
    Tensor mixed = attentionNorm.ofSum(ops, x, attended);
    return mlpNorm.ofSum(ops, mixed, ops.dropMlpOutput(mlp.forward(ops, mixed)));
  }

  @Override
  public List<Norm> norms() {
    return List.of(attentionNorm, mlpNorm);
  }
}

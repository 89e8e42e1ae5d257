package io.adapt4j.core.internal.nn.layer;

import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;

/**
 * A layer that adds attention to the residual stream, then the MLP, with norms before a branch,
 * after it, or both.
 */
public record SequentialLayer(
    Norm beforeAttention,
    Mixer mixer,
    Norm afterAttention,
    Norm beforeMlp,
    Mlp mlp,
    Norm afterMlp,
    double residualScale)
    implements Layer {

  public static SequentialLayer preNorm(
      Norm beforeAttention, Mixer mixer, Norm beforeMlp, Mlp mlp) {
    return new SequentialLayer(beforeAttention, mixer, Norm.NONE, beforeMlp, mlp, Norm.NONE, 1);
  }

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int index) {
    Tensor attended = mixer.forward(ops, beforeAttention.forward(ops, x), positions, index);
    Tensor kept = ops.dropAttentionOutput(afterAttention.forward(ops, attended));
    Tensor mixed = ops.add(x, kept, residualScale);
    if (isReadByNothing(ops)) {
      return ops.uncomputedSum(mixed, mlp.tiled(ops, beforeMlp.forward(ops, mixed), false));
    }
    Tensor worked = mlp.forward(ops, beforeMlp.forward(ops, mixed));
    return ops.add(mixed, ops.dropMlpOutput(afterMlp.forward(ops, worked)), residualScale);
  }

  /** Whether backward needs no values of the output: it is recomputed for those before it. */
  private boolean isReadByNothing(Ops ops) {
    return ops.isRecomputing()
        && afterMlp == Norm.NONE
        && residualScale == 1
        && !ops.dropsMlpOutput();
  }

  @Override
  public List<Norm> norms() {
    return List.of(beforeAttention, afterAttention, beforeMlp, afterMlp);
  }
}

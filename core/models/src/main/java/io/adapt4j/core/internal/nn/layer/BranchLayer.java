package io.adapt4j.core.internal.nn.layer;

import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.attention.NoMixer;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.NoMlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;

/** A layer that adds a single branch to the residual stream: a mixer or an MLP, after a norm. */
public record BranchLayer(Norm norm, Mixer mixer, Mlp mlp) implements Layer {

  public static BranchLayer of(Norm norm, Mixer mixer) {
    return new BranchLayer(norm, mixer, new NoMlp());
  }

  public static BranchLayer of(Norm norm, Mlp mlp) {
    return new BranchLayer(norm, new NoMixer(), mlp);
  }

  /** {@return whether the branch is a mixer} */
  public boolean mixes() {
    return !(mixer instanceof NoMixer);
  }

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int index) {
    Tensor read = norm.forward(ops, x);
    return ops.add(
        x,
        mixes()
            ? ops.dropAttentionOutput(mixer.forward(ops, read, positions, index))
            : ops.dropMlpOutput(mlp.forward(ops, read)));
  }

  @Override
  public List<Norm> norms() {
    return List.of(norm);
  }
}

package io.adapt4j.core.internal.nn.layer;

import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.embedding.LayerInputs;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * A layer of a model with several residual streams (Google 2025, Gemma 3n). It processes one of
 * them: attention with a parallel low-rank branch, then the MLP. The others are corrected, and the
 * layer's part of the {@link LayerInputs} is added to them.
 */
public record StreamLayer(
    AltUp altUp,
    SequentialLayer layer,
    LinearSlot left,
    LinearSlot right,
    Norm branchNorm,
    InputGate input)
    implements Layer {

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int index) {
    Tensor predicted = altUp.predicted(ops, x);
    Tensor active = altUp.active(ops, predicted);
    Tensor normed = layer.beforeAttention().forward(ops, active);
    Tensor low = right.forward(ops, left.forward(ops, normed));
    Tensor branch = ops.add(normed, branchNorm.forward(ops, low));
    Tensor attended = layer.mixer().forward(ops, normed, positions, index);
    Tensor kept = ops.dropAttentionOutput(layer.afterAttention().forward(ops, attended));
    Tensor mixed = ops.scaled(ops.add(ops.add(active, kept), branch), Math.sqrt(0.5));
    Tensor worked = layer.mlp().forward(ops, layer.beforeMlp().forward(ops, mixed));
    Tensor sum = ops.add(mixed, ops.dropMlpOutput(layer.afterMlp().forward(ops, worked)));
    return withInputs(ops, altUp.corrected(ops, predicted, sum), positions);
  }

  /** Adds the layer's part to all streams except the first. */
  private Tensor withInputs(Ops ops, Tensor corrected, Positions positions) {
    Tensor[] streams = ops.splitEvenly(corrected, altUp.count());
    Tensor read = altUp.scaled(ops, altUp.active(ops, corrected));
    Tensor added = input.forward(ops, read, positions);
    List<Tensor> all = new ArrayList<>(List.of(streams[0]));
    for (int i = 1; i < streams.length; i++) {
      all.add(ops.add(streams[i], added));
    }
    return ops.joinColumns(all);
  }

  @Override
  public boolean readsLayerInputs() {
    return true;
  }

  @Override
  public Mixer mixer() {
    return layer.mixer();
  }

  @Override
  public Mlp mlp() {
    return layer.mlp();
  }

  @Override
  public List<Norm> norms() {
    List<Norm> norms = new ArrayList<>(layer.norms());
    norms.addAll(List.of(altUp.norm(), branchNorm, input.norm()));
    return norms;
  }

  @Override
  public List<LinearSlot> linears() {
    List<LinearSlot> slots = new ArrayList<>(layer.linears());
    slots.addAll(altUp.linears());
    slots.addAll(List.of(left, right));
    slots.addAll(input.linears());
    return slots;
  }

  @Override
  public List<Parameter> otherParameters() {
    return List.of(altUp.scale());
  }
}

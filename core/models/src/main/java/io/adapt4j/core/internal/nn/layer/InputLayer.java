package io.adapt4j.core.internal.nn.layer;

import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.embedding.LayerInputs;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.StreamOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A layer that adds its part of the {@link LayerInputs} to the residual stream after attention and
 * MLP, and multiplies the sum by a stored factor.
 */
public record InputLayer(SequentialLayer layer, Optional<InputGate> input, Parameter factor)
    implements Layer {

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int index) {
    Tensor worked = layer.forward(ops, x, positions, index);
    Tensor sum =
        input.isEmpty() ? worked : ops.add(worked, input.get().forward(ops, worked, positions));
    return StreamOps.times(ops, sum, factor);
  }

  @Override
  public boolean readsLayerInputs() {
    return input.isPresent();
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
    input.ifPresent(gate -> norms.add(gate.norm()));
    return norms;
  }

  @Override
  public List<LinearSlot> linears() {
    List<LinearSlot> slots = new ArrayList<>(layer.linears());
    input.ifPresent(gate -> slots.addAll(gate.linears()));
    return slots;
  }

  @Override
  public List<Parameter> otherParameters() {
    return List.of(factor);
  }
}

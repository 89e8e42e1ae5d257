package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Activation;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.RelativeOps;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/**
 * Gate through which a layer reads its part of the {@link LayerInputs}:
 * norm(projection(act(gate(x)) * part)).
 */
public record InputGate(
    LinearSlot gate, Activation activation, LinearSlot projection, Norm norm, int layer) {

  Tensor forward(Ops ops, Tensor x, Positions positions) {
    long width = gate.linear().outFeatures();
    Tensor part = RelativeOps.columns(ops, positions.layerInputs(), layer * width, width);
    Tensor both = ops.joinColumns(List.of(gate.forward(ops, x), part));
    return norm.forward(ops, projection.forward(ops, ops.gated(both, activation)));
  }

  List<LinearSlot> linears() {
    return List.of(gate, projection);
  }
}

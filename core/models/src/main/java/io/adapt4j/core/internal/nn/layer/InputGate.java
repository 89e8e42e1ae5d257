package io.adapt4j.core.internal.nn.layer;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.embedding.LayerInputs;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RelativeOps;
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

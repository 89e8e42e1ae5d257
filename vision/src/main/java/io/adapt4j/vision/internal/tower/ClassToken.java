package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/** A learned vector before the patches of each picture. */
record ClassToken(Parameter vector) {

  /** Declares a vector, with the shape in which checkpoints store it. */
  static ClassToken declare(TowerWeights weights, String name, int hidden, long... stored) {
    return new ClassToken(weights.add(Parameter.of(name, 1, hidden), stored));
  }

  /** Puts the vector before [B, T, hidden]. */
  Tensor before(Ops ops, Tensor patches) {
    long rows = patches.size(0);
    long width = patches.size(2);
    Tensor first = ops.embedding(Tensor.of(new long[(int) rows], rows, 1), vector);
    Tensor flat = TowerLayers.shaped(ops, patches, rows, 1, patches.size(1) * width);
    return TowerLayers.shaped(
        ops,
        ops.joinColumns(List.of(TowerLayers.shaped(ops, first, rows, 1, width), flat)),
        rows,
        patches.size(1) + 1,
        width);
  }
}

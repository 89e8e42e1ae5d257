package io.adapt4j.lora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.nio.file.Path;
import java.util.List;

/** Base weights as a quantized format represents them, in a plain network. */
final class DequantizedBase {

  private DequantizedBase() {}

  /** Replaces the base's weights by their dequantized values in a format, layer by layer. */
  static void fill(Network network, WeightMechanics weights, Path base) {
    try (Network held = Architectures.declare(network.modelConfig());
        Checkpoint checkpoint = network.modelConfig().openWeights(base)) {
      weights.install(held, checkpoint);
      List<LinearSlot> plain = network.linears();
      List<LinearSlot> packed = held.linears();
      for (int i = 0; i < plain.size(); i++) {
        if (packed.get(i).linear() instanceof QuantizedLinear layer) {
          layer.read(checkpoint);
          copy(layer, ((DenseLinear) plain.get(i).linear()).weight());
          layer.close();
        }
      }
    }
  }

  private static void copy(QuantizedLinear from, Parameter weight) {
    for (int i = 0; i < from.parts().size(); i++) {
      Parameter.Slice slice = weight.slices().get(i);
      if (from.packed().contains(slice.name())) {
        try (Scope scope = Scope.open()) {
          Tensor rows = weight.value().narrow(0, slice.start(), slice.rows());
          rows.copyFrom(from.restored(from.parts().get(i), weight.value().type()));
        }
      }
    }
  }
}

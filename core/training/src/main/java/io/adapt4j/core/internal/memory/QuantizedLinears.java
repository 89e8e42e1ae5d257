package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.nn.weights.WeightSizes;
import io.adapt4j.core.internal.tensor.DType;
import java.util.List;
import java.util.Optional;

/** Sizes of the quantized weights of a declared network. */
record QuantizedLinears(QuantizedSize bytes, long asParameters, long largest) {

  /**
   * Adds up layers declared as quantized and plain layers that {@code packing} quantizes and that
   * do not train.
   */
  static QuantizedLinears of(
      Network network, TrainableSummary trainableSummary, WeightSizes packing) {
    QuantizedLinears found = new QuantizedLinears(QuantizedSize.NONE, 0, 0);
    for (QuantizedLinear declared : network.packedLinears()) {
      long size = declared.inFeatures() * declared.outFeatures();
      found = found.plus(new QuantizedLinears(declared.packing(), 0, size));
    }
    for (LinearSlot slot : network.layerLinears()) {
      if (!slot.isReadDirectly()
          && slot.linear() instanceof DenseLinear dense
          && !dense.weight().isShared()) {
        found = found.plus(of(dense, trainableSummary, packing));
      }
    }
    return found;
  }

  private static QuantizedLinears of(
      DenseLinear layer, TrainableSummary trainableSummary, WeightSizes packing) {
    QuantizedSize bytes = QuantizedSize.NONE;
    long values = 0;
    List<Linear.Part> parts = layer.parts();
    for (int i = 0; i < parts.size(); i++) {
      Optional<QuantizedSize> found = packing.of(parts.get(i), layer.inFeatures());
      if (found.isPresent()
          && !trainableSummary.trained().contains(layer.weight().slices().get(i).name())) {
        bytes = bytes.plus(found.get());
        values += parts.get(i).width() * layer.inFeatures();
      }
    }
    return new QuantizedLinears(bytes, values, values == 0 ? 0 : layer.weight().count());
  }

  private QuantizedLinears plus(QuantizedLinears other) {
    return new QuantizedLinears(
        bytes.plus(other.bytes),
        asParameters + other.asParameters,
        Math.max(largest, other.largest));
  }

  boolean isEmpty() {
    return largest == 0;
  }

  /** Returns the bytes of the dequantized weights of one layer, a buffer that all layers share. */
  long restored(DType type) {
    return largest * type.bytes();
  }
}

package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.nn.DenseLinear;
import io.adapt4j.core.internal.nn.Footprint;
import io.adapt4j.core.internal.nn.Linear;
import io.adapt4j.core.internal.nn.LinearSlot;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.PackedBytes;
import io.adapt4j.core.internal.nn.PackedLinear;
import io.adapt4j.core.internal.nn.Packing;
import io.adapt4j.core.internal.tensor.DType;
import java.util.List;
import java.util.Optional;

/**
 * The weights of a declared network that are held in fewer bits.
 *
 * @param bytes what they take
 * @param asParameters how many of them a network that was declared plain has as parameters
 * @param largest values of the largest of their layers, which computing restores
 */
record PackedLinears(PackedBytes bytes, long asParameters, long largest) {

  /**
   * Finds them: those that are declared packed, and of the plain ones those that a packing names
   * and that do not train.
   */
  static PackedLinears of(Network network, Footprint footprint, Packing packing) {
    PackedLinears found = new PackedLinears(PackedBytes.NONE, 0, 0);
    for (PackedLinear declared : network.packedLinears()) {
      long size = declared.inFeatures() * declared.outFeatures();
      found = found.plus(new PackedLinears(declared.packing(), 0, size));
    }
    for (LinearSlot slot : network.layerLinears()) {
      if (slot.linear() instanceof DenseLinear dense) {
        found = found.plus(of(dense, footprint, packing));
      }
    }
    return found;
  }

  private static PackedLinears of(DenseLinear layer, Footprint footprint, Packing packing) {
    PackedBytes bytes = PackedBytes.NONE;
    long values = 0;
    List<Linear.Part> parts = layer.parts();
    for (int i = 0; i < parts.size(); i++) {
      Optional<PackedBytes> one = packing.of(parts.get(i), layer.inFeatures());
      if (one.isPresent() && !footprint.trained().contains(layer.weight().slices().get(i).name())) {
        bytes = bytes.plus(one.get());
        values += parts.get(i).width() * layer.inFeatures();
      }
    }
    return new PackedLinears(bytes, values, values == 0 ? 0 : layer.weight().count());
  }

  private PackedLinears plus(PackedLinears other) {
    return new PackedLinears(
        bytes.plus(other.bytes),
        asParameters + other.asParameters,
        Math.max(largest, other.largest));
  }

  boolean isEmpty() {
    return largest == 0;
  }

  /** One layer's weights as numbers to compute with: memory that all layers use in turn. */
  long restored(DType type) {
    return largest * type.bytes();
  }
}

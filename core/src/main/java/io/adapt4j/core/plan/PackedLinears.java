package io.adapt4j.core.plan;

import io.adapt4j.core.engine.DType;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.model.DenseLinear;
import io.adapt4j.core.model.Footprint;
import io.adapt4j.core.model.Linear;
import io.adapt4j.core.model.LinearSlot;
import io.adapt4j.core.model.Network;
import io.adapt4j.core.model.PackedBytes;
import io.adapt4j.core.model.PackedLinear;
import io.adapt4j.core.model.Packing;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Optional;
import java.util.Set;

/**
 * The weights of a declared network that are held in fewer bits.
 *
 * @param weights those that a plain declared network has as parameters
 * @param bytes what all take
 * @param largest values of the largest of their layers, which computing restores
 */
record PackedLinears(Set<Parameter> weights, PackedBytes bytes, long largest) {

  /**
   * Finds them: those that are declared packed, and of the plain ones those that a packing names
   * and that do not train.
   */
  static PackedLinears of(Network network, Footprint footprint, Packing packing) {
    Set<Parameter> weights = Collections.newSetFromMap(new IdentityHashMap<>());
    PackedBytes bytes = PackedBytes.NONE;
    long largest = 0;
    for (LinearSlot slot : network.linears()) {
      if (slot.linear().innermost() instanceof PackedLinear declared) {
        bytes = bytes.plus(declared.packing());
        largest = Math.max(largest, declared.inFeatures() * declared.outFeatures());
      }
      if (slot.linear() instanceof DenseLinear dense && !footprint.trains(dense.weight())) {
        Optional<PackedBytes> own = bytes(dense, packing);
        if (own.isPresent()) {
          weights.add(dense.weight());
          bytes = bytes.plus(own.get());
          largest = Math.max(largest, dense.weight().count());
        }
      }
    }
    return new PackedLinears(weights, bytes, largest);
  }

  /** What a layer takes; empty unless all its projections are packed. */
  private static Optional<PackedBytes> bytes(DenseLinear layer, Packing packing) {
    PackedBytes sum = PackedBytes.NONE;
    for (Linear.Part part : layer.parts()) {
      Optional<PackedBytes> one = packing.of(part, layer.inFeatures());
      if (one.isEmpty()) {
        return Optional.empty();
      }
      sum = sum.plus(one.get());
    }
    return Optional.of(sum);
  }

  boolean isEmpty() {
    return largest == 0;
  }

  boolean isPacked(Parameter parameter) {
    return weights.contains(parameter);
  }

  /** One layer's weights as numbers to compute with, before they are dropped again. */
  long restored(DType type) {
    return largest * type.bytes();
  }
}

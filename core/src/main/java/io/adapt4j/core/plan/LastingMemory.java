package io.adapt4j.core.plan;

import io.adapt4j.core.engine.DType;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.model.DenseLinear;
import io.adapt4j.core.model.Footprint;
import io.adapt4j.core.model.LinearSlot;
import io.adapt4j.core.model.Network;
import io.adapt4j.core.model.PackedLinear;
import io.adapt4j.core.train.Optimizer;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** Bytes of the tensors that exist from the first step to the last. Exact but for 4-bit weights. */
final class LastingMemory {

  /**
   * Bytes a weight in NF4: half a byte, a one-byte scale a block of 64, and an fp32 scale of those
   * a block of 256 (Dettmers et al. 2023): 0.5 + 1/64 + 4/(64 256) = 0.516, with room for a layout
   * that pads.
   */
  static final double NF4_BYTES = 0.53;

  private final Network network;
  private final Footprint footprint;
  private final List<long[]> shapes;
  private final long trainedBase;

  LastingMemory(Network network, Footprint footprint) {
    this.network = network;
    this.footprint = footprint;
    this.shapes = footprint.shapes(network);
    this.trainedBase = trainedBase(network, footprint);
  }

  long weights(DType type, boolean quantised) {
    Set<Parameter> packed = quantised ? frozenMatrices() : Set.of();
    double bytes = (double) untiedHead(network, footprint) * type.bytes();
    for (Parameter parameter : network.parameters()) {
      bytes += parameter.count() * (packed.contains(parameter) ? NF4_BYTES : type.bytes());
    }
    for (PackedLinear linear : network.packedLinears()) {
      bytes += linear.packedBytes();
    }
    return (long) bytes;
  }

  private Set<Parameter> frozenMatrices() {
    Set<Parameter> found = Collections.newSetFromMap(new IdentityHashMap<>());
    for (LinearSlot slot : network.linears()) {
      if (slot.linear() instanceof DenseLinear dense && !footprint.trains(dense.weight())) {
        found.add(dense.weight());
      }
    }
    return found;
  }

  private static long untiedHead(Network network, Footprint footprint) {
    return footprint.untiesHead() ? network.embedding().count() : 0;
  }

  /** Values of base parameters with a gradient: whole parameters, even if one part trains. */
  private static long trainedBase(Network network, Footprint footprint) {
    long count = 0;
    Set<String> others = new HashSet<>(footprint.trained());
    for (Parameter parameter : network.parameters()) {
      count += footprint.trains(parameter) ? parameter.count() : 0;
      parameter.slices().forEach(slice -> others.remove(slice.name()));
    }
    return count + (others.isEmpty() ? 0 : untiedHead(network, footprint));
  }

  private long adapterValues() {
    long count = footprint.others();
    for (Footprint.Factors one : footprint.factors()) {
      for (Footprint.Part part : one.parts()) {
        count += part.rank() * (one.in() + part.width());
      }
    }
    return count;
  }

  /**
   * The factors in fp32, and the packed pair: A only where it is of another type, B in any case.
   */
  long adapters(DType type) {
    long bytes = adapterValues() * Float.BYTES;
    for (Footprint.Factors one : footprint.factors()) {
      bytes += type == DType.F32 ? 0 : one.ranks() * one.in() * type.bytes();
      bytes += one.ranks() * one.out() * type.bytes();
    }
    return bytes;
  }

  long masters(DType type) {
    return type == DType.F32 ? 0 : trainedBase * Float.BYTES;
  }

  long gradients() {
    return (trainedBase + adapterValues()) * Float.BYTES;
  }

  long optimizer(Optimizer optimizer) {
    long bytes = shapes.stream().mapToLong(optimizer::stateBytes).sum();
    return bytes + (footprint.others() > 0 ? optimizer.stateBytes(footprint.others()) : 0);
  }

  /** The most that one value's update makes on the way. */
  long optimizerWork(Optimizer optimizer) {
    return shapes.stream().mapToLong(optimizer::workBytes).max().orElse(0);
  }

  /** The values that train. */
  long trainedValues() {
    return shapes.stream().mapToLong(LastingMemory::count).sum() + footprint.others();
  }

  private static long count(long[] sizes) {
    return Arrays.stream(sizes).reduce(1, Math::multiplyExact);
  }
}

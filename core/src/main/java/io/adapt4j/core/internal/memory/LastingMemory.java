package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.nn.Footprint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.optim.OptimizerStates;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.optim.Optimizer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Bytes of the tensors that exist from the first step to the last. Exact. */
final class LastingMemory {

  private final Network network;
  private final Footprint footprint;
  private final List<long[]> shapes;
  private final long trainedBase;
  private final PackedLinears packed;

  LastingMemory(Network network, Footprint footprint, PackedLinears packed) {
    this.network = network;
    this.footprint = footprint;
    this.packed = packed;
    this.shapes = footprint.shapes(network);
    this.trainedBase = trainedBase(network, footprint);
  }

  /** The weights in the compute type. */
  long weights(DType type) {
    long values = untiedHead(network, footprint) - packed.asParameters();
    for (Parameter parameter : network.parameters()) {
      values += parameter.count();
    }
    return values * type.bytes();
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

  /** The factors, and the base tensors that the adapter has values of its own for. */
  long adapterWithTensors(DType type) {
    return adapters(type) + trainedBase * type.bytes();
  }

  long masters(DType type) {
    return type == DType.F32 ? 0 : trainedBase * Float.BYTES;
  }

  long gradients() {
    return (trainedBase + adapterValues()) * Float.BYTES;
  }

  long optimizer(Optimizer optimizer) {
    long bytes =
        shapes.stream().mapToLong(sizes -> OptimizerStates.stateBytes(optimizer, sizes)).sum();
    return bytes
        + (footprint.others() > 0 ? OptimizerStates.stateBytes(optimizer, footprint.others()) : 0);
  }

  /** The state of the value that has most of it. */
  long largestState(Optimizer optimizer) {
    return shapes.stream()
        .mapToLong(sizes -> OptimizerStates.stateBytes(optimizer, sizes))
        .max()
        .orElse(0);
  }

  /** The most that one value's update makes on the way. */
  long optimizerWork(Optimizer optimizer) {
    return shapes.stream()
        .mapToLong(sizes -> OptimizerStates.workBytes(optimizer, sizes))
        .max()
        .orElse(0);
  }

  /** The values that train. */
  long trainedValues() {
    return shapes.stream().mapToLong(LastingMemory::count).sum() + footprint.others();
  }

  private static long count(long[] sizes) {
    return Arrays.stream(sizes).reduce(1, Math::multiplyExact);
  }
}

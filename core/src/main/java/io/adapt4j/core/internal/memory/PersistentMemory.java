package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.TrainableSummary;
import io.adapt4j.core.internal.optim.OptimizerStates;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.optim.Optimizer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Bytes of the tensors that exist from the first step to the last. Exact. */
final class PersistentMemory {

  private final Network network;
  private final TrainableSummary trainableSummary;
  private final List<long[]> shapes;
  private final long trainedBase;
  private final QuantizedLinears packed;

  PersistentMemory(Network network, TrainableSummary trainableSummary, QuantizedLinears packed) {
    this.network = network;
    this.trainableSummary = trainableSummary;
    this.packed = packed;
    this.shapes = trainableSummary.shapes(network);
    this.trainedBase = trainedBase(network, trainableSummary);
  }

  /** The weights in the compute type. */
  long weights(DType type) {
    long values = untiedHead(network, trainableSummary) - packed.asParameters();
    for (Parameter parameter : network.parameters()) {
      values += parameter.count();
    }
    return values * type.bytes();
  }

  private static long untiedHead(Network network, TrainableSummary trainableSummary) {
    return trainableSummary.untiesHead() ? network.embedding().count() : 0;
  }

  /** Values of base parameters with a gradient: whole parameters, even if one part trains. */
  private static long trainedBase(Network network, TrainableSummary trainableSummary) {
    long count = 0;
    Set<String> others = new HashSet<>(trainableSummary.trained());
    for (Parameter parameter : network.parameters()) {
      count += trainableSummary.trains(parameter) ? parameter.count() : 0;
      parameter.slices().forEach(slice -> others.remove(slice.name()));
    }
    return count + (others.isEmpty() ? 0 : untiedHead(network, trainableSummary));
  }

  private long adapterValues() {
    long count = trainableSummary.others();
    for (TrainableSummary.LoraMatrices factor : trainableSummary.factors()) {
      for (TrainableSummary.Part part : factor.parts()) {
        count += part.rank() * (factor.in() + part.width());
      }
    }
    return count;
  }

  /**
   * The factors in fp32, and the packed pair: A only where it is of another type, B in any case.
   */
  long adapters(DType type) {
    long bytes = adapterValues() * Float.BYTES;
    for (TrainableSummary.LoraMatrices factor : trainableSummary.factors()) {
      bytes += type == DType.F32 ? 0 : factor.ranks() * factor.in() * type.bytes();
      bytes += factor.ranks() * factor.out() * type.bytes();
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

  /** What trains, once more: the gradients of micro-batches are added up there. */
  long gradientSums() {
    return trainedValues() * Float.BYTES;
  }

  long optimizer(Optimizer optimizer) {
    long bytes =
        shapes.stream().mapToLong(sizes -> OptimizerStates.stateBytes(optimizer, sizes)).sum();
    return bytes
        + (trainableSummary.others() > 0
            ? OptimizerStates.stateBytes(optimizer, trainableSummary.others())
            : 0);
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
    return shapes.stream().mapToLong(PersistentMemory::count).sum() + trainableSummary.others();
  }

  private static long count(long[] sizes) {
    return Arrays.stream(sizes).reduce(1, Math::multiplyExact);
  }
}

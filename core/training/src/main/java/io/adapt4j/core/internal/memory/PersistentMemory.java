package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.optim.OptimizerStates;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.optim.Optimizer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Exact bytes of the tensors that live for the whole run. */
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

  /** Returns the bytes of the weights in the compute type. */
  long weights(DType type) {
    long values = untiedHead(network, trainableSummary) - packed.asParameters();
    for (Parameter parameter : network.allParameters()) {
      values += isShared(parameter) ? 0 : parameter.count();
    }
    return values * type.bytes();
  }

  /** Returns whether the weights of another layer, which do not train either, hold the values. */
  private boolean isShared(Parameter parameter) {
    return parameter.isShared() && !trainableSummary.trains(parameter);
  }

  private static long untiedHead(Network network, TrainableSummary trainableSummary) {
    return trainableSummary.untiesHead() ? network.embedding().count() : 0;
  }

  /**
   * Counts the values of base parameters with a gradient: whole parameters, even if only a slice
   * trains.
   */
  private static long trainedBase(Network network, TrainableSummary trainableSummary) {
    long count = 0;
    Set<String> others = new HashSet<>(trainableSummary.trained());
    for (Parameter parameter : network.allParameters()) {
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
   * Returns the bytes of the LoRA matrices in fp32 and of their concatenated copies: of A only if
   * the compute type differs, of B always.
   */
  long adapters(DType type) {
    long bytes = adapterValues() * Float.BYTES;
    for (TrainableSummary.LoraMatrices factor : trainableSummary.factors()) {
      bytes += type == DType.F32 ? 0 : factor.ranks() * factor.in() * type.bytes();
      bytes += factor.ranks() * factor.out() * type.bytes();
    }
    return bytes;
  }

  /** Returns the bytes of the LoRA matrices and of the base tensors that the adapter replaces. */
  long adapterWithTensors(DType type) {
    return adapters(type) + trainedBase * type.bytes();
  }

  long masters(DType type) {
    return type == DType.F32 ? 0 : trainedBase * Float.BYTES;
  }

  long gradients() {
    return (trainedBase + adapterValues()) * Float.BYTES;
  }

  /** Returns the bytes of the buffers in which gradients of micro-batches are accumulated. */
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

  /** Returns the largest optimizer state of a single parameter. */
  long largestState(Optimizer optimizer) {
    return shapes.stream()
        .mapToLong(sizes -> OptimizerStates.stateBytes(optimizer, sizes))
        .max()
        .orElse(0);
  }

  /** Returns the maximum temporary memory of a single parameter's update. */
  long optimizerWork(Optimizer optimizer) {
    return shapes.stream()
        .mapToLong(sizes -> OptimizerStates.workBytes(optimizer, sizes))
        .max()
        .orElse(0);
  }

  /** Returns the number of trainable values. */
  long trainedValues() {
    return shapes.stream().mapToLong(PersistentMemory::count).sum() + trainableSummary.others();
  }

  private static long count(long[] sizes) {
    return Arrays.stream(sizes).reduce(1, Math::multiplyExact);
  }
}

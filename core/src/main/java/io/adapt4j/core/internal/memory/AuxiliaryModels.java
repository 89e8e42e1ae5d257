package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.tensor.DType;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * What a run keeps in memory besides the network that trains, and what it does between steps.
 *
 * @param batches micro-batches of the whole run; 0 where only a few steps are thought of
 * @param encodedAtOnce sequences that pass through the network together where only their vectors
 *     are wanted; 0 where a batch passes as a whole and the network's own output counts
 */
record AuxiliaryModels(
    List<Part> parts,
    Optional<Generation> generation,
    long batches,
    long forwards,
    int encodedAtOnce,
    long lengths) {

  static final AuxiliaryModels NONE = new AuxiliaryModels(List.of(), Optional.empty(), 0, 0, 0, 1);

  /** One of the models and adapters. */
  record Part(String name, ToLongFunction<DType> bytes) {}

  /** Sequences that are generated side by side. */
  record Generation(int rows, int prompt, int newTokens) {}

  AuxiliaryModels and(String name, ToLongFunction<DType> bytes) {
    List<Part> more = Stream.concat(parts.stream(), Stream.of(new Part(name, bytes))).toList();
    return new AuxiliaryModels(more, generation, batches, forwards, encodedAtOnce, lengths);
  }

  AuxiliaryModels generating(int rows, int prompt, int newTokens) {
    Generation drawn = new Generation(rows, prompt, newTokens);
    return new AuxiliaryModels(
        parts, Optional.of(drawn), batches, forwards, encodedAtOnce, lengths);
  }

  AuxiliaryModels lasting(long microBatches, long passes) {
    return new AuxiliaryModels(parts, generation, microBatches, passes, encodedAtOnce, lengths);
  }

  AuxiliaryModels encoding(int rows) {
    return new AuxiliaryModels(parts, generation, batches, forwards, rows, lengths);
  }

  AuxiliaryModels ofLengths(long count) {
    return new AuxiliaryModels(parts, generation, batches, forwards, encodedAtOnce, count);
  }

  List<MemoryItem> lasting(DType type) {
    return parts.stream()
        .map(part -> new MemoryItem(part.name(), part.bytes().applyAsLong(type)))
        .toList();
  }
}

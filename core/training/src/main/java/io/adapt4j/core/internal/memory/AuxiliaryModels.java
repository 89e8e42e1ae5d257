package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.tensor.DType;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * Models that a run holds in memory besides the trained network, and its work between steps.
 *
 * @param batches micro-batches of the whole run; 0 for only a few steps
 * @param encodedAtOnce sequences per forward pass if only their embeddings are needed; 0 if a batch
 *     passes as a whole and the network's output is used
 */
record AuxiliaryModels(
    List<Part> parts,
    Optional<Generation> generation,
    long batches,
    long forwards,
    int encodedAtOnce,
    long lengths) {

  static final AuxiliaryModels NONE = new AuxiliaryModels(List.of(), Optional.empty(), 0, 0, 0, 1);

  /** An auxiliary model or adapter. */
  record Part(String name, ToLongFunction<DType> bytes) {}

  /** A batch of sequences generated together, perhaps while steps run. */
  record Generation(int rows, int prompt, int newTokens, boolean whileTraining) {}

  AuxiliaryModels and(String name, ToLongFunction<DType> bytes) {
    List<Part> more = Stream.concat(parts.stream(), Stream.of(new Part(name, bytes))).toList();
    return new AuxiliaryModels(more, generation, batches, forwards, encodedAtOnce, lengths);
  }

  AuxiliaryModels generating(int rows, int prompt, int newTokens, boolean whileTraining) {
    Generation drawn = new Generation(rows, prompt, newTokens, whileTraining);
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

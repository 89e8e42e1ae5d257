package io.adapt4j.core.plan;

import io.adapt4j.core.engine.DType;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * What a run keeps in memory besides the network that trains, and what it does between steps.
 *
 * @param parts models and adapters that do not train
 * @param generation sequences that the network generates; empty if it only trains
 * @param batches micro-batches of the whole run; 0 where only a few steps are thought of
 * @param encodedAtOnce sequences that pass through the network together where only their vectors
 *     are wanted; 0 where a batch passes as a whole and the network's own output counts
 */
record Company(List<Part> parts, Optional<Generation> generation, long batches, int encodedAtOnce) {

  static final Company NONE = new Company(List.of(), Optional.empty(), 0, 0);

  /**
   * One of the models and adapters.
   *
   * @param name what it is
   * @param bytes its size in a compute type
   */
  record Part(String name, ToLongFunction<DType> bytes) {}

  /**
   * Sequences that are generated side by side.
   *
   * @param rows how many
   * @param prompt tokens of the longest prompt
   * @param newTokens the most tokens after it
   */
  record Generation(int rows, int prompt, int newTokens) {}

  Company and(String name, ToLongFunction<DType> bytes) {
    List<Part> more = Stream.concat(parts.stream(), Stream.of(new Part(name, bytes))).toList();
    return new Company(more, generation, batches, encodedAtOnce);
  }

  Company generating(int rows, int prompt, int newTokens) {
    Generation drawn = new Generation(rows, prompt, newTokens);
    return new Company(parts, Optional.of(drawn), batches, encodedAtOnce);
  }

  Company lasting(long microBatches) {
    return new Company(parts, generation, microBatches, encodedAtOnce);
  }

  Company encoding(int rows) {
    return new Company(parts, generation, batches, rows);
  }

  List<MemoryItem> lasting(DType type) {
    return parts.stream()
        .map(one -> new MemoryItem(one.name(), one.bytes().applyAsLong(type)))
        .toList();
  }
}

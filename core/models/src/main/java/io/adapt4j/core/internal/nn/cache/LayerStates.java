package io.adapt4j.core.internal.nn.cache;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.RecurrentOps.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * States of a sequence's recurrent layers: zeros at first, replaced in each pass. They do not
 * separate earlier tokens, so they can only be reset or copied as a whole.
 */
public final class LayerStates implements AutoCloseable {

  /** Null for layers without a state. */
  private final List<@Nullable State> layers = new ArrayList<>();

  LayerStates(List<CacheShape> shapes, long rows) {
    for (CacheShape shape : shapes) {
      layers.add(shape.hasStates() ? state(shape.states(), rows) : null);
    }
  }

  private static State state(List<long[]> sizes, long rows) {
    List<Tensor> all =
        sizes.stream()
            .map(own -> LongStream.concat(LongStream.of(rows), LongStream.of(own)).toArray())
            .map(ofRows -> Tensor.zeros(DType.F32, ofRows).own())
            .toList();
    return new State(all.get(0), all.subList(1, all.size()));
  }

  boolean isEmpty() {
    return layers.stream().allMatch(Objects::isNull);
  }

  /** Returns the states of a layer, which a pass replaces. */
  State of(int layer) {
    return Objects.requireNonNull(layers.get(layer));
  }

  /** Returns the tensors of a layer, the tail first; none if it has no state. */
  public List<Tensor> tensors(int layer) {
    State state = layers.get(layer);
    return state == null
        ? List.of()
        : Stream.concat(Stream.of(state.tail()), state.state().stream()).toList();
  }

  /** {@return the memory of all states, in bytes} */
  public long bytes() {
    return tensors().mapToLong(state -> state.count() * state.type().bytes()).sum();
  }

  void clear() {
    try (Scope scope = Scope.open()) {
      tensors().forEach(state -> state.copyFrom(Tensor.zeros(DType.F32, 1)));
    }
  }

  void copyFrom(LayerStates other) {
    List<Tensor> sources = other.tensors().toList();
    List<Tensor> targets = tensors().toList();
    for (int i = 0; i < targets.size(); i++) {
      targets.get(i).copyFrom(sources.get(i));
    }
  }

  /** Rejects a cache that starts with only some of the tokens if there are states. */
  void requireWhole(long tokens, long length) {
    if (!isEmpty() && tokens > 0 && tokens < length) {
      throw new IllegalArgumentException(
          "tokens: expected 0 or all " + length + ", as layers keep states, found " + tokens);
    }
  }

  private Stream<Tensor> tensors() {
    return layers.stream()
        .filter(Objects::nonNull)
        .flatMap(state -> Stream.concat(Stream.of(state.tail()), state.state().stream()));
  }

  @Override
  public void close() {
    tensors().forEach(Tensor::close);
  }
}

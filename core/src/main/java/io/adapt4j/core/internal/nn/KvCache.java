package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.AttentionRule;
import io.adapt4j.core.internal.tensor.CachedAttention;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.RecurrentOps;
import io.adapt4j.core.internal.tensor.RotaryTable;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.SinkOps;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What layers keep of the tokens seen so far: keys and values of each of them, or states, which can
 * neither go back nor begin with a part of another's tokens.
 */
public final class KvCache implements AutoCloseable {

  /** Null at layers that keep none. */
  private final List<@Nullable Tensor> keys = new ArrayList<>();

  private final List<@Nullable Tensor> values = new ArrayList<>();
  private final LayerStates states;
  private final long rows;
  private final long capacity;
  private long length;

  KvCache(List<CacheShape> layers, long rows, long capacity, DType type) {
    this.rows = rows;
    this.capacity = capacity;
    for (CacheShape layer : layers) {
      keys.add(empty(layer, rows, capacity, type));
      values.add(empty(layer, rows, capacity, type));
    }
    this.states = new LayerStates(layers, rows);
  }

  private static @Nullable Tensor empty(CacheShape layer, long rows, long capacity, DType type) {
    return layer.keyValueHeads() == 0
        ? null
        : Tensor.empty(type, rows, layer.keyValueHeads(), capacity, layer.headDim()).own();
  }

  /**
   * Returns how many tokens are held.
   *
   * @return tokens of each row, padding included
   */
  public long length() {
    return length;
  }

  /**
   * Returns how many tokens there is room for.
   *
   * @return tokens of each row
   */
  public long capacity() {
    return capacity;
  }

  /** {@return the number of layers} */
  public int layers() {
    return keys.size();
  }

  /** {@return the number of sequences} */
  public int rows() {
    return Math.toIntExact(rows);
  }

  /**
   * Returns the keys of a layer.
   *
   * @param layer its index
   * @return [rows, key-value heads, capacity, width]; this cache closes it
   */
  public Tensor keys(int layer) {
    return Objects.requireNonNull(keys.get(layer));
  }

  /**
   * Returns the values of a layer.
   *
   * @param layer its index
   * @return [rows, key-value heads, capacity, width]; this cache closes it
   */
  public Tensor values(int layer) {
    return Objects.requireNonNull(values.get(layer));
  }

  /** The states of a layer. */
  RecurrentOps.State state(int layer) {
    return states.of(layer);
  }

  /** {@return whether there are states, which can neither go back nor be taken over in part} */
  public boolean hasStates() {
    return !states.isEmpty();
  }

  Tensor attend(int layer, Tensor q, Tensor k, Tensor v, Tensor mask, AttentionRule rule) {
    return CachedAttention.apply(q, k, v, keys(layer), values(layer), length, mask, rule);
  }

  /** Attends with one more score for each head. */
  Tensor attend(
      int layer, Tensor q, Tensor k, Tensor v, Parameter sinks, Tensor mask, AttentionRule rule) {
    return SinkOps.cached(q, k, v, keys(layer), values(layer), sinks, length, mask, rule);
  }

  /** Attends from a joined projection, whose queries and keys are turned first. */
  Tensor attend(
      int layer,
      Tensor projected,
      Heads heads,
      RotaryTable table,
      Tensor mask,
      AttentionRule rule) {
    return CachedAttention.rotated(
        projected, heads.query(), table, keys(layer), values(layer), length, mask, rule);
  }

  /**
   * Returns the memory of all keys, values and states, room for further tokens included.
   *
   * @return a number of bytes
   */
  public long bytes() {
    return states.bytes()
        + Stream.concat(keys.stream(), values.stream())
            .filter(Objects::nonNull)
            .mapToLong(tensor -> tensor.count() * tensor.type().bytes())
            .sum();
  }

  /** Forgets every token, so that the sequence can be read again from its beginning. */
  public void clear() {
    states.clear();
    length = 0;
  }

  /**
   * Forgets the tokens after the first ones. What a window of attention reaches back to stays: keys
   * and values are held of every token, in layers with a window too.
   *
   * @param tokens how many of each row to keep, at most {@link #length}; with states all or none
   */
  public void truncate(long tokens) {
    if (tokens < 0 || tokens > length) {
      throw new IllegalArgumentException("tokens: expected 0 to " + length + ", found " + tokens);
    }
    states.requireWhole(tokens, length);
    if (tokens == 0) {
      states.clear();
    }
    length = tokens;
  }

  /**
   * Begins with the first tokens of another cache of the same model, instead of what is held.
   *
   * @param other as many rows as this one
   * @param tokens how many of each row to copy, at most the other's length and this capacity; with
   *     states all of them
   */
  public void copyFrom(KvCache other, long tokens) {
    if (tokens > other.length || tokens > capacity) {
      throw new IllegalArgumentException(
          "tokens: expected at most " + Math.min(other.length, capacity) + ", found " + tokens);
    }
    states.requireWhole(tokens, other.length);
    try (Scope scope = Scope.open()) {
      for (int layer = 0; layer < keys.size(); layer++) {
        if (keys.get(layer) != null) {
          copy(other.keys(layer), keys(layer), tokens);
          copy(other.values(layer), values(layer), tokens);
        }
      }
    }
    states.copyFrom(other.states);
    length = tokens;
  }

  private static void copy(Tensor from, Tensor to, long tokens) {
    to.narrow(2, 0, tokens).copyFrom(from.narrow(2, 0, tokens));
  }

  /**
   * Counts the tokens of a finished pass as held.
   *
   * @param tokens tokens of each row
   */
  public void advance(long tokens) {
    length += tokens;
  }

  @Override
  public void close() {
    Stream.concat(keys.stream(), values.stream()).filter(Objects::nonNull).forEach(Tensor::close);
    states.close();
  }
}

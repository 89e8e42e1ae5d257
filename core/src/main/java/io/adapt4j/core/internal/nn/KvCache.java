package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.AttentionRule;
import io.adapt4j.core.internal.tensor.CachedAttention;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.RotaryTable;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.SinkOps;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Keys and values of the tokens seen so far, one pair a layer. */
public final class KvCache implements AutoCloseable {

  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();
  private final long capacity;
  private long length;

  KvCache(int layers, long rows, long kvHeads, long headDim, long capacity, DType type) {
    this.capacity = capacity;
    for (int i = 0; i < layers; i++) {
      keys.add(Tensor.empty(type, rows, kvHeads, capacity, headDim).own());
      values.add(Tensor.empty(type, rows, kvHeads, capacity, headDim).own());
    }
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
    return Math.toIntExact(keys.get(0).size(0));
  }

  /**
   * Returns the keys of a layer.
   *
   * @param layer its index
   * @return [rows, key-value heads, capacity, width]; this cache closes it
   */
  public Tensor keys(int layer) {
    return keys.get(layer);
  }

  /**
   * Returns the values of a layer.
   *
   * @param layer its index
   * @return [rows, key-value heads, capacity, width]; this cache closes it
   */
  public Tensor values(int layer) {
    return values.get(layer);
  }

  Tensor attend(int layer, Tensor q, Tensor k, Tensor v, Tensor mask, AttentionRule rule) {
    return CachedAttention.apply(q, k, v, keys.get(layer), values.get(layer), length, mask, rule);
  }

  /** Attends with one more score for each head. */
  Tensor attend(
      int layer, Tensor q, Tensor k, Tensor v, Parameter sinks, Tensor mask, AttentionRule rule) {
    return SinkOps.cached(q, k, v, keys.get(layer), values.get(layer), sinks, length, mask, rule);
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
        projected, heads.query(), table, keys.get(layer), values.get(layer), length, mask, rule);
  }

  /**
   * Returns the memory that all keys and values take, room for further tokens included.
   *
   * @return a number of bytes
   */
  public long bytes() {
    Tensor first = keys.get(0);
    return 2L * keys.size() * first.count() * first.type().bytes();
  }

  /** Forgets every token, so that the sequence can be read again from its beginning. */
  public void clear() {
    length = 0;
  }

  /**
   * Forgets the tokens after the first ones. What a window of attention reaches back to stays: keys
   * and values are held of every token, in layers with a window too.
   *
   * @param tokens how many of each row to keep, at most {@link #length}
   */
  public void truncate(long tokens) {
    if (tokens < 0 || tokens > length) {
      throw new IllegalArgumentException("tokens: expected 0 to " + length + ", found " + tokens);
    }
    length = tokens;
  }

  /**
   * Begins with the first tokens of another cache of the same model, instead of what is held.
   *
   * @param other as many rows as this one
   * @param tokens how many of each row to copy, at most the other's length and this capacity
   */
  public void copyFrom(KvCache other, long tokens) {
    if (tokens > other.length || tokens > capacity) {
      throw new IllegalArgumentException(
          "tokens: expected at most " + Math.min(other.length, capacity) + ", found " + tokens);
    }
    try (Scope scope = Scope.open()) {
      for (int layer = 0; layer < keys.size(); layer++) {
        copy(other.keys.get(layer), keys.get(layer), tokens);
        copy(other.values.get(layer), values.get(layer), tokens);
      }
    }
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
    keys.forEach(Tensor::close);
    values.forEach(Tensor::close);
  }
}

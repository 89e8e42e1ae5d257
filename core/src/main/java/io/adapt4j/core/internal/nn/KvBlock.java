package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Keys and values of successive tokens, one pair a layer. Texts that begin alike can use the same
 * block, which the last user frees. Not thread safe.
 */
public final class KvBlock implements AutoCloseable {

  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();
  private final long capacity;
  private long filled;
  private int users = 1;

  /**
   * Makes an empty block.
   *
   * @param layers of the model
   * @param rows of each tensor
   * @param kvHeads key-value heads
   * @param headDim width of a head
   * @param capacity tokens of a row
   * @param type of keys and values
   */
  KvBlock(int layers, long rows, long kvHeads, long headDim, long capacity, DType type) {
    this.capacity = capacity;
    boolean complete = false;
    try {
      for (int i = 0; i < layers; i++) {
        keys.add(Tensor.empty(type, rows, kvHeads, capacity, headDim).own());
        values.add(Tensor.empty(type, rows, kvHeads, capacity, headDim).own());
      }
      complete = true;
    } finally {
      if (!complete) {
        close();
      }
    }
  }

  /** Makes an empty block for some layers of the same model. */
  KvBlock emptyLike(int layers, long tokens) {
    Tensor first = keys.get(0);
    return new KvBlock(layers, first.size(0), first.size(1), first.size(3), tokens, first.type());
  }

  /**
   * Returns the keys of a layer.
   *
   * @param layer its index
   * @return [rows, key-value heads, capacity, width]; this block closes it
   */
  public Tensor keys(int layer) {
    return keys.get(layer);
  }

  /**
   * Returns the values of a layer.
   *
   * @param layer its index
   * @return [rows, key-value heads, capacity, width]; this block closes it
   */
  public Tensor values(int layer) {
    return values.get(layer);
  }

  int layers() {
    return keys.size();
  }

  /** {@return the number of tokens that there is room for} */
  public long capacity() {
    return capacity;
  }

  long filled() {
    return filled;
  }

  void fill(long tokens) {
    filled = tokens;
  }

  long bytes() {
    Tensor first = keys.get(0);
    return 2L * keys.size() * first.count() * first.type().bytes();
  }

  /**
   * Overwrites places of this block with another's, in all layers.
   *
   * @param at the first one here
   * @param from a block of the same model
   * @param place the first one there
   * @param tokens how many
   */
  void copy(long at, KvBlock from, long place, long tokens) {
    for (int layer = 0; layer < keys.size(); layer++) {
      copy(layer, at, from, layer, place, tokens);
    }
  }

  /** Overwrites places of one layer with those of another block's layer. */
  void copy(int layer, long at, KvBlock from, int fromLayer, long place, long tokens) {
    if (tokens > 0) {
      try (Scope scope = Scope.open()) {
        copy(from.keys(fromLayer), place, keys(layer), at, tokens);
        copy(from.values(fromLayer), place, values(layer), at, tokens);
      }
    }
  }

  private static void copy(Tensor from, long place, Tensor to, long at, long tokens) {
    to.narrow(2, at, tokens).copyFrom(from.narrow(2, place, tokens));
  }

  /** {@return this block, which has one more user now} */
  KvBlock share() {
    users++;
    return this;
  }

  /** Frees the memory if this user is the last. */
  @Override
  public void close() {
    if (--users == 0) {
      keys.forEach(Tensor::close);
      values.forEach(Tensor::close);
    }
  }
}

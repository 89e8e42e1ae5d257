package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.AttentionRule;
import io.adapt4j.core.internal.tensor.CachedAttention;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a decoder keeps while it writes texts for texts that an encoder has read: keys and values of
 * the encoder's states, made once, and those of the tokens written so far.
 */
public final class SequenceCache implements AutoCloseable {

  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();
  private final List<Tensor[]> memory = new ArrayList<>();
  private final Tensor memoryMask;
  private final long capacity;
  private long length;

  /**
   * Makes a cache.
   *
   * @param layers of the decoder
   * @param states the encoder's, [rows, S, hidden]
   * @param memoryMask hides padding [rows, 1, 1, S]; this cache closes it
   * @param capacity tokens a row
   * @param type the compute type
   */
  SequenceCache(
      List<SideLayer> layers, Tensor states, Tensor memoryMask, long capacity, DType type) {
    this.memoryMask = memoryMask;
    this.capacity = capacity;
    try (Scope scope = Scope.open(states.engine())) {
      for (SideLayer layer : layers) {
        Tensor[] made = layer.cross().memory(Ops.inference(), states);
        memory.add(new Tensor[] {copied(made[0]), copied(made[1])});
        Heads heads = layer.attention().heads();
        long rows = states.size(0);
        keys.add(Tensor.empty(type, rows, heads.keyValue(), capacity, heads.dim()).own());
        values.add(Tensor.empty(type, rows, heads.keyValue(), capacity, heads.dim()).own());
      }
    }
  }

  /** Views of one product keep both parts in memory, and are slower to read at each step. */
  private static Tensor copied(Tensor view) {
    return view.copyAs(view.type()).own();
  }

  /** {@return tokens of each row that are held} */
  public long length() {
    return length;
  }

  /** {@return tokens of each row that there is room for} */
  public long capacity() {
    return capacity;
  }

  /** {@return the number of texts being written} */
  public int rows() {
    return Math.toIntExact(keys.get(0).size(0));
  }

  Tensor memoryMask() {
    return memoryMask;
  }

  Tensor[] memory(int layer) {
    return memory.get(layer);
  }

  Tensor attend(
      Ops ops, int layer, Tensor q, Tensor k, Tensor v, @Nullable Tensor bias, AttentionRule rule) {
    Tensor held = keys.get(layer);
    Tensor read = values.get(layer);
    if (bias == null) {
      return CachedAttention.apply(q, k, v, held, read, length, null, rule);
    }
    CachedAttention.append(k, v, held, read, length);
    long all = length + k.size(2);
    return ops.biasedAttention(
        q, held.narrow(2, 0, all), read.narrow(2, 0, all), bias, null, rule.scale());
  }

  void advance(long tokens) {
    length += tokens;
  }

  /**
   * Continues other rows instead of the present ones, each of the same text it stood for.
   *
   * @param rows for each new row, the row whose written tokens it begins with; both must be of the
   *     same text
   */
  public void reorder(long[] rows) {
    try (Scope scope = Scope.open(keys.get(0).engine())) {
      Tensor index = Tensor.of(rows, rows.length);
      for (int layer = 0; layer < keys.size(); layer++) {
        replace(keys, layer, index);
        replace(values, layer, index);
      }
    }
  }

  private static void replace(List<Tensor> tensors, int layer, Tensor index) {
    Tensor old = tensors.get(layer);
    tensors.set(layer, CachedAttention.rows(old, index).own());
    old.close();
  }

  @Override
  public void close() {
    keys.forEach(Tensor::close);
    values.forEach(Tensor::close);
    memory.forEach(
        pair -> {
          pair[0].close();
          pair[1].close();
        });
    memoryMask.close();
  }
}

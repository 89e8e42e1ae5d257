package io.adapt4j.core.internal.nn.sequence;

import io.adapt4j.core.internal.nn.attention.CrossAttention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.CachedAttention;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Key-value cache of an encoder-decoder during generation: cross-attention keys and values of the
 * encoder's states, computed once, and self-attention keys and values of the tokens written so far.
 */
public final class SequenceCache implements AutoCloseable {

  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();
  private final List<Tensor[]> memory = new ArrayList<>();
  private final Tensor memoryMask;
  private long length;

  public SequenceCache(
      List<CrossAttention> layers, SequenceSource source, long[] rows, long capacity, DType type) {
    try (Scope scope = Scope.open(source.states().engine())) {
      Tensor index = Tensor.of(rows, rows.length);
      memoryMask = CachedAttention.rows(source.mask(), index).own();
      for (CrossAttention layer : layers) {
        try (Scope inside = Scope.open(source.states().engine())) {
          Tensor[] made = layer.memory(Ops.inference(), source.states());
          memory.add(
              new Tensor[] {
                CachedAttention.rows(made[0], index).own(),
                CachedAttention.rows(made[1], index).own()
              });
        }
        Heads heads = layer.heads();
        long kept = heads.keyValue();
        keys.add(Tensor.empty(type, rows.length, kept, capacity, heads.dim()).own());
        values.add(Tensor.empty(type, rows.length, kept, capacity, heads.dim()).own());
      }
    }
  }

  /** {@return the number of cached tokens per row} */
  public long length() {
    return length;
  }

  public Tensor memoryMask() {
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

  public void advance(long tokens) {
    length += tokens;
  }

  /** Reorders the rows, for example for beam search; each row stays with its source text. */
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

package io.adapt4j.core.internal.nn.cache;

import io.adapt4j.core.internal.nn.cache.KvCache.Piece;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.EightBitRows;
import java.util.function.BiFunction;

/** Keys and values in 8 bits, as operators read them: restored a layer at a time. */
final class EightBitKeys {

  private EightBitKeys() {}

  /** Operator over restored keys and values, of which the last are those of new tokens. */
  interface Attending {
    Tensor over(Tensor keys, Tensor values, Tensor newKeys, Tensor newValues);
  }

  /**
   * Appends keys and values and runs an operator on all of the layer's, restored while it runs. New
   * tokens too attend to what is kept of them, so that a result does not depend on how its tokens
   * are divided into passes.
   */
  static Tensor attend(KvCache cache, int layer, Tensor k, Tensor v, Attending attending) {
    store(cache, layer, k, v);
    long length = cache.length();
    long tokens = k.size(2);
    try (Scope scope = Scope.open()) {
      Tensor keys = restored(cache, layer, length + tokens, KvBlock::keys);
      Tensor values = restored(cache, layer, length + tokens, KvBlock::values);
      return scope.keep(
          attending.over(
              keys, values, keys.narrow(2, length, tokens), values.narrow(2, length, tokens)));
    }
  }

  /** Appends keys and values. */
  static void store(KvCache cache, int layer, Tensor k, Tensor v) {
    try (Scope scope = Scope.open()) {
      Tensor keys = EightBitRows.of(k);
      Tensor values = EightBitRows.of(v);
      long length = cache.length();
      for (Piece piece : cache.pieces(length, length + k.size(2))) {
        put(piece, layer, keys, piece.block().keys(layer), length);
        put(piece, layer, values, piece.block().values(layer), length);
      }
    }
  }

  private static void put(Piece piece, int layer, Tensor rows, Tensor block, long length) {
    block
        .narrow(2, piece.from() - piece.block().first(layer), piece.tokens())
        .copyFrom(rows.narrow(2, piece.place() - length, piece.tokens()));
  }

  /** Restores the first keys or values of a layer; what has been freed is 0. */
  private static Tensor restored(
      KvCache cache, int layer, long tokens, BiFunction<KvBlock, Integer, Tensor> held) {
    KvBlock own = cache.own();
    CacheShape shape = own.layers().get(layer);
    Tensor all =
        Tensor.zeros(own.type(), own.rows(), shape.keyValueHeads(), tokens, shape.headDim());
    for (Piece piece : cache.pieces(0, tokens)) {
      long first = piece.block().first(layer);
      long freed = Math.min(piece.tokens(), Math.max(0, first - piece.from()));
      EightBitRows.restore(
          held.apply(piece.block(), layer),
          piece.from() + freed - first,
          piece.tokens() - freed,
          all,
          piece.place() + freed);
    }
    return all;
  }
}

package io.adapt4j.core.internal.nn.cache;

import io.adapt4j.core.internal.nn.cache.KvCache.Piece;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/** Keys and values of a cache that keeps all of them, to be written to a file and read again. */
public final class KeptKeys {

  private KeptKeys() {}

  /**
   * Copies the keys of a layer, then its values unless they are the keys: [rows, key-value heads,
   * tokens, width]. A layer without keys has none. The open scope owns them.
   */
  public static List<Tensor> copy(KvCache cache, int layer) {
    List<Piece> pieces = cache.pieces(0, cache.length());
    int count = keys(cache.own(), layer).size();
    return pieces.isEmpty()
        ? List.of()
        : IntStream.range(0, count)
            .mapToObj(
                i ->
                    Tensor.concatenated(
                        pieces.stream()
                            .map(
                                piece ->
                                    keys(piece.block(), layer)
                                        .get(i)
                                        .narrow(2, piece.from(), piece.tokens()))
                            .toList(),
                        2))
            .toList();
  }

  /** Returns the places of a layer's first tokens in a cache that shares nothing. */
  public static List<Tensor> places(KvCache cache, int layer, long tokens) {
    return keys(cache.own(), layer).stream().map(all -> all.narrow(2, 0, tokens)).toList();
  }

  private static List<Tensor> keys(KvBlock block, int layer) {
    if (!block.hasKeys(layer)) {
      return List.of();
    }
    return block.layers().get(layer).keysAreValues()
        ? List.of(block.keys(layer))
        : List.of(block.keys(layer), block.values(layer));
  }
}

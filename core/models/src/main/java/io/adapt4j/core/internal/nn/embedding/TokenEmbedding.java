package io.adapt4j.core.internal.nn.embedding;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;

/** Embedding of token ids, or a replacement of one. */
public interface TokenEmbedding {

  /**
   * Looks tokens up.
   *
   * @param ids token ids, I64 [B, T]
   * @return [B, T, hidden], before positions and types are added
   */
  Tensor forward(Ops ops, Tensor ids, Positions positions);

  /** Returns whether this reads features [B, T, width] instead of token ids. */
  default boolean readsFeatures() {
    return false;
  }
}

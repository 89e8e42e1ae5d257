package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Tensor;

/** Embedding of token ids, or a replacement of one. */
public interface TokenEmbedding {

  /**
   * Looks tokens up.
   *
   * @param ids token ids, I64 [B, T]
   * @return [B, T, hidden], before positions and types are added
   */
  Tensor forward(Ops ops, Tensor ids, Positions positions);
}

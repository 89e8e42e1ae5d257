package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The place of the token embedding in a model, where another may be put in its stead. */
public final class EmbeddingSlot {

  private TokenEmbedding embedding;

  EmbeddingSlot(TokenEmbedding embedding) {
    this.embedding = embedding;
  }

  /** Puts an embedding instead of the present one. */
  public void replace(UnaryOperator<TokenEmbedding> change) {
    embedding = change.apply(embedding);
  }

  /** {@return the table that tokens are looked up in; empty where something else stands here} */
  public Optional<TokenTable> table() {
    return embedding instanceof TokenTable table ? Optional.of(table) : Optional.empty();
  }

  Tensor forward(Ops ops, Tensor ids, Positions positions) {
    return embedding.forward(ops, ids, positions);
  }
}

package io.adapt4j.core.internal.nn.embedding;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.picture.BatchPictures;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Slot of a model's token embedding, in which it can be replaced. */
public final class EmbeddingSlot {

  private TokenEmbedding embedding;

  public EmbeddingSlot(TokenEmbedding embedding) {
    this.embedding = embedding;
  }

  /** Replaces the embedding. */
  public void replace(UnaryOperator<TokenEmbedding> change) {
    embedding = change.apply(embedding);
  }

  /** {@return the table in which tokens are looked up; empty if the embedding is something else} */
  public Optional<TokenTable> table() {
    return embedding instanceof TokenTable table ? Optional.of(table) : Optional.empty();
  }

  /** {@return whether the embedding reads features instead of token ids} */
  public boolean readsFeatures() {
    return embedding.readsFeatures();
  }

  /** Looks tokens up; rows of pictures replace those in their places. */
  public Tensor forward(Ops ops, Tensor ids, Positions positions) {
    Tensor embedded = embedding.forward(ops, ids, positions);
    positions.insertions().forEach(rows -> rows.into(embedded));
    BatchPictures pictures = positions.pictures();
    return pictures == null ? embedded : pictures.into(ops, embedded);
  }
}

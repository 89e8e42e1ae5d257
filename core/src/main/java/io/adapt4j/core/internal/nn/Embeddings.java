package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What turns token ids into the first hidden states.
 *
 * @param tokens one row a token
 * @param positions one row a position, or null where positions are not learned
 * @param types one row a token type, or null
 * @param norm norm of the sum
 * @param scale multiplies the token rows
 * @param slot what looks tokens up
 */
public record Embeddings(
    Parameter tokens,
    Parameter positions,
    Parameter types,
    Norm norm,
    Scale scale,
    EmbeddingSlot slot) {

  /**
   * A factor of the embedding.
   *
   * @param factor its value
   * @param rounded whether the reference rounds it to the compute type first
   */
  public record Scale(double factor, boolean rounded) {

    public static final Scale NONE = new Scale(1, false);
  }

  /**
   * Declares embeddings whose tokens are looked up in their table.
   *
   * @param tokens one row a token
   * @param positions one row a position, or null
   * @param types one row a token type, or null
   * @param norm norm of the sum
   * @param scale multiplies the token rows
   */
  public Embeddings(
      Parameter tokens, Parameter positions, Parameter types, Norm norm, Scale scale) {
    this(tokens, positions, types, norm, scale, new EmbeddingSlot(new TokenTable(tokens, scale)));
  }

  public static Embeddings of(Parameter tokens, Scale scale) {
    return new Embeddings(tokens, null, null, Norm.NONE, scale);
  }

  /**
   * Declares embeddings of tokens alone, of which one is padding and does not learn from being
   * looked up.
   *
   * @param tokens one row a token
   * @param scale multiplies the rows
   * @param padding the id of padding
   * @return the embeddings
   */
  public static Embeddings padded(Parameter tokens, Scale scale, int padding) {
    return new Embeddings(
        tokens,
        null,
        null,
        Norm.NONE,
        scale,
        new EmbeddingSlot(new PaddedTable(tokens, scale.factor(), padding)));
  }

  Tensor forward(Ops ops, Tensor ids, Tensor typeIds, Positions at) {
    Tensor x = slot.forward(ops, ids, at);
    if (positions != null) {
      x = ops.add(x, ops.embedding(at.ids(), positions));
    }
    if (types != null) {
      x = ops.add(x, ops.embedding(typeIds, types));
    }
    return ops.dropEmbedding(norm.forward(ops, x));
  }

  List<Parameter> parameters() {
    return Stream.concat(
            Stream.of(tokens, positions, types).filter(Objects::nonNull),
            norm.parameters().stream())
        .toList();
  }
}

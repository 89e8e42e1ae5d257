package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.RelativeOps;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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
 * @param projection to the width of the layers, where tables are narrower
 * @param zeroOnPadding whether padding has a vector of zeros
 */
public record Embeddings(
    Parameter tokens,
    Parameter positions,
    Parameter types,
    Norm norm,
    Scale scale,
    EmbeddingSlot slot,
    Optional<Projection> projection,
    boolean zeroOnPadding) {

  /**
   * A linear layer between narrow tables and the layers.
   *
   * @param linear the layer
   * @param afterNorm whether the norm is of the narrow vectors, rather than of the projected ones
   */
  public record Projection(LinearSlot linear, boolean afterNorm) {}

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
    this(
        tokens,
        positions,
        types,
        norm,
        scale,
        new EmbeddingSlot(new TokenTable(tokens, scale)),
        Optional.empty(),
        false);
  }

  /**
   * Puts a projection between the tables and the layers.
   *
   * @param linear the projection
   * @param afterNorm whether the norm is of the narrow vectors
   * @return a changed copy
   */
  public Embeddings projected(LinearSlot linear, boolean afterNorm) {
    return new Embeddings(
        tokens,
        positions,
        types,
        norm,
        scale,
        slot,
        Optional.of(new Projection(linear, afterNorm)),
        zeroOnPadding);
  }

  /** {@return these embeddings with zeros on padding} */
  public Embeddings withoutPadding() {
    return new Embeddings(tokens, positions, types, norm, scale, slot, projection, true);
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
        new EmbeddingSlot(new PaddedTable(tokens, scale.factor(), padding)),
        Optional.empty(),
        false);
  }

  Tensor forward(Ops ops, Tensor ids, Tensor typeIds, Positions at) {
    Tensor x = slot.forward(ops, ids, at);
    if (positions != null) {
      x = ops.add(x, ops.embedding(at.ids(), positions));
    }
    if (types != null) {
      x = ops.add(x, ops.embedding(typeIds, types));
    }
    Tensor y = ops.dropEmbedding(projected(ops, x));
    return zeroOnPadding ? RelativeOps.withoutPadding(ops, y, at.mask(0)) : y;
  }

  private Tensor projected(Ops ops, Tensor x) {
    if (projection.isEmpty()) {
      return norm.forward(ops, x);
    }
    LinearSlot linear = projection.get().linear();
    return projection.get().afterNorm()
        ? linear.forward(ops, norm.forward(ops, x))
        : norm.forward(ops, linear.forward(ops, x));
  }

  List<LinearSlot> linears() {
    return projection.map(Projection::linear).stream().toList();
  }

  List<Parameter> parameters() {
    return Stream.of(
            Stream.of(tokens, positions, types).filter(Objects::nonNull),
            norm.parameters().stream(),
            linears().stream().flatMap(slot -> slot.linear().parameters().stream()))
        .flatMap(parameters -> parameters)
        .toList();
  }
}

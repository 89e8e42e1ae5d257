package io.adapt4j.core.internal.nn.embedding;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RelativeOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Embeddings of tokens, positions and token types, which turn token ids into the first hidden
 * states.
 *
 * @param positions one row per position, or null if positions are not learned
 * @param types one row per token type, or null
 */
public record Embeddings(
    Parameter tokens,
    Parameter positions,
    Parameter types,
    Norm norm,
    Scale scale,
    EmbeddingSlot slot,
    Optional<Projection> projection,
    boolean zeroOnPadding,
    int unusedPositions) {

  /** A linear projection from the width of the embedding tables to that of the layers. */
  public record Projection(LinearSlot linear, Place place) {

    /**
     * Point at which the projection is applied: earlier steps use the width of the tables, later
     * ones that of the layers.
     */
    public enum Place {
      AFTER_TOKENS,
      AFTER_SUM,
      AFTER_NORM
    }
  }

  /** Scale factor of the embedding. */
  public record Scale(double factor, boolean rounded) {

    public static final Scale NONE = new Scale(1, false);
  }

  /**
   * Declares embeddings with a token table.
   *
   * @param positions one row per position, or null
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
        false,
        0);
  }

  /** Returns these embeddings with a projection. */
  public Embeddings projected(LinearSlot linear, Projection.Place place) {
    return new Embeddings(
        tokens,
        positions,
        types,
        norm,
        scale,
        slot,
        Optional.of(new Projection(linear, place)),
        zeroOnPadding,
        unusedPositions);
  }

  /** Returns these embeddings with unused rows at the start of the position table. */
  public Embeddings positionsAfter(int rows) {
    return new Embeddings(
        tokens, positions, types, norm, scale, slot, projection, zeroOnPadding, rows);
  }

  /** {@return these embeddings with zeros on padding} */
  public Embeddings withoutPadding() {
    return new Embeddings(
        tokens, positions, types, norm, scale, slot, projection, true, unusedPositions);
  }

  public static Embeddings of(Parameter tokens, Scale scale) {
    return new Embeddings(tokens, null, null, Norm.NONE, scale);
  }

  /** Declares token embeddings with a padding row that receives no gradient. */
  public static Embeddings padded(Parameter tokens, Scale scale, int padding) {
    return new Embeddings(
        tokens,
        null,
        null,
        Norm.NONE,
        scale,
        new EmbeddingSlot(new PaddedTable(tokens, scale.factor(), padding)),
        Optional.empty(),
        false,
        0);
  }

  /** Returns the number of learned positions; 0 if they are not learned. */
  public int learnedPositions() {
    return positions == null ? 0 : Math.toIntExact(positions.sizes()[0]) - unusedPositions;
  }

  public Tensor forward(Ops ops, Tensor ids, Tensor typeIds, Positions at) {
    Tensor x = projected(ops, slot.forward(ops, ids, at), Projection.Place.AFTER_TOKENS);
    if (positions != null) {
      x = ops.add(x, ops.embedding(at.ids(), positions));
    }
    if (types != null) {
      x = ops.add(x, ops.embedding(typeIds, types));
    }
    Tensor normed = norm.forward(ops, projected(ops, x, Projection.Place.AFTER_SUM));
    Tensor y = ops.dropEmbedding(projected(ops, normed, Projection.Place.AFTER_NORM));
    return zeroOnPadding ? RelativeOps.withoutPadding(ops, y, at.mask(0)) : y;
  }

  /** Applies the projection if it belongs at this point. */
  private Tensor projected(Ops ops, Tensor x, Projection.Place place) {
    return projection
        .filter(found -> found.place() == place)
        .map(found -> found.linear().forward(ops, x))
        .orElse(x);
  }

  public List<LinearSlot> linears() {
    return projection.map(Projection::linear).stream().toList();
  }

  public List<Parameter> parameters() {
    return Stream.of(
            Stream.of(tokens, positions, types).filter(Objects::nonNull),
            norm.parameters().stream(),
            linears().stream().flatMap(slot -> slot.linear().parameters().stream()))
        .flatMap(parameters -> parameters)
        .toList();
  }
}

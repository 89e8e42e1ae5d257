package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RelativeOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Relative position terms in the scores of bidirectional attention. */
public sealed interface DistanceScores
    permits DistanceScores.None, DistanceScores.Bias, DistanceScores.Disentangled {

  /**
   * Attends.
   *
   * @param heads q, k and v [B, H, T, D]
   * @param mask additive mask, or null
   * @return the concatenated heads [B, T, H D]
   */
  Tensor attend(Ops ops, Tensor[] heads, Attention attention, Tensor mask);

  /** Returns the projections of distances, in addition to those of the tokens. */
  List<LinearSlot> linears();

  /** Returns the parameters other than those of the projections; layers may share them. */
  List<Parameter> parameters();

  /** No relative positions: DeBERTa without relative attention. */
  record None() implements DistanceScores {

    private static final RelativeOps.Rows NO_ROWS = new RelativeOps.Rows(1, 0, 1);

    @Override
    public Tensor attend(Ops ops, Tensor[] heads, Attention attention, Tensor mask) {
      return RelativeOps.disentangledAttention(
          ops, heads, List.of(), List.of(), mask, attention.rule().scale(), NO_ROWS);
    }

    @Override
    public List<LinearSlot> linears() {
      return List.of();
    }

    @Override
    public List<Parameter> parameters() {
      return List.of();
    }
  }

  /**
   * A bias per head and distance bucket, as in MPNet (Song et al. 2020). Shape of {@code table}:
   * [buckets, H].
   */
  record Bias(Parameter table, RelativeOps.Buckets distances) implements DistanceScores {

    @Override
    public Tensor attend(Ops ops, Tensor[] heads, Attention attention, Tensor mask) {
      return RelativeOps.biasedAttention(
          ops, heads, table, mask, attention.rule().scale(), distances);
    }

    @Override
    public List<LinearSlot> linears() {
      return List.of();
    }

    @Override
    public List<Parameter> parameters() {
      return List.of(table);
    }
  }

  /**
   * Disentangled attention: products of the query with a key of the distance, and of the key with a
   * query of the distance (He et al. 2021).
   *
   * @param table a vector for each distinct distance [2 span, hidden]
   */
  record Disentangled(
      Parameter table,
      Norm norm,
      Optional<LinearSlot> keys,
      Optional<LinearSlot> queries,
      boolean contentToPosition,
      boolean positionToContent,
      RelativeOps.Rows rows)
      implements DistanceScores {

    @Override
    public Tensor attend(Ops ops, Tensor[] heads, Attention attention, Tensor mask) {
      Tensor vectors = ops.dropPositions(norm.forward(ops, RelativeOps.allRows(ops, table)));
      List<Tensor> positionKeys = new ArrayList<>();
      List<Tensor> positionQueries = new ArrayList<>();
      Heads shape = attention.heads();
      keys.ifPresent(slot -> positionKeys.add(heads(ops, slot.forward(ops, vectors), shape)));
      queries.ifPresent(slot -> positionQueries.add(heads(ops, slot.forward(ops, vectors), shape)));
      boolean sharesKeys = contentToPosition && keys.isEmpty();
      boolean sharesQueries = positionToContent && queries.isEmpty();
      if (sharesKeys || sharesQueries) {
        Tensor projected = attention.qkv().forward(ops, vectors);
        long width = shape.queryWidth();
        if (sharesQueries) {
          positionQueries.add(heads(ops, RelativeOps.columns(ops, projected, 0, width), shape));
        }
        if (sharesKeys) {
          positionKeys.add(heads(ops, RelativeOps.columns(ops, projected, width, width), shape));
        }
      }
      return RelativeOps.disentangledAttention(
          ops, heads, positionKeys, positionQueries, mask, attention.rule().scale(), rows);
    }

    private static Tensor heads(Ops ops, Tensor projected, Heads shape) {
      return ops.splitHeads(projected, new long[] {shape.query()}, shape.dim())[0];
    }

    @Override
    public List<LinearSlot> linears() {
      return Stream.of(keys, queries).flatMap(Optional::stream).toList();
    }

    @Override
    public List<Parameter> parameters() {
      return Stream.concat(Stream.of(table), norm.parameters().stream()).toList();
    }
  }
}

package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.AttentionRule;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.RotaryTable;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/**
 * Grouped-query self-attention (Vaswani et al. 2017; Ainslie et al. 2023).
 *
 * @param qkv the query, key and value projections
 * @param output the projection of the joined heads
 * @param heads their number and width
 * @param norm norms of queries and keys, or null
 * @param rotary which of the model's rotary tables turns queries and keys; {@link #NO_ROTARY} for
 *     none
 * @param rule how scores are made and what is seen
 */
public record Attention(
    LinearSlot qkv,
    LinearSlot output,
    Heads heads,
    QueryKeyNorm norm,
    int rotary,
    AttentionRule rule) {

  public static final int NO_ROTARY = -1;

  Tensor forward(Ops ops, Tensor x, Positions positions, int layer) {
    Tensor projected = qkv.forward(ops, x);
    boolean plain = norm == null && !heads.interleaved() && rotary != NO_ROTARY;
    if (plain && positions.cache() != null) {
      return output.forward(ops, cachedTogether(projected, positions, layer));
    }
    Tensor[] parts = plain ? rotatedTogether(ops, projected, positions) : split(ops, projected);
    Tensor q = parts[0];
    Tensor k = parts[1];
    if (!plain && rotary != NO_ROTARY) {
      RotaryTable table = positions.rotary(rotary);
      q = ops.rotary(q, table);
      k = ops.rotary(k, table);
    }
    if (positions.documents() != null) {
      return output.forward(ops, ops.packedAttention(q, k, parts[2], positions.documents(), rule));
    }
    Tensor mask = positions.mask(rule.window());
    Tensor mixed =
        positions.cache() == null
            ? ops.attention(q, k, parts[2], mask, rule)
            : positions.cache().attend(layer, q, k, parts[2], mask, rule);
    return output.forward(ops, mixed);
  }

  /** In one call, since a token's calls take longer than what is computed in them. */
  private Tensor cachedTogether(Tensor projected, Positions positions, int layer) {
    Tensor mask = positions.mask(rule.window());
    RotaryTable table = positions.rotary(rotary);
    return positions.cache().attend(layer, projected, heads, table, mask, rule);
  }

  /** Queries and keys lie side by side, so one product turns both. */
  private Tensor[] rotatedTogether(Ops ops, Tensor projected, Positions positions) {
    long[] split = {heads.query() + heads.keyValue(), heads.keyValue()};
    Tensor[] parts = ops.splitHeads(projected, split, heads.dim());
    Tensor turned = ops.rotary(parts[0], positions.rotary(rotary));
    Tensor[] both = ops.splitAlongHeads(turned, heads.query());
    return new Tensor[] {both[0], both[1], parts[1]};
  }

  private Tensor[] split(Ops ops, Tensor projected) {
    if (norm != null && !norm.perHead()) {
      return normalisedBeforeSplit(ops, projected);
    }
    Tensor[] parts =
        heads.interleaved()
            ? ops.splitInterleavedHeads(projected, heads.dim())
            : ops.splitHeads(
                projected,
                new long[] {heads.query(), heads.keyValue(), heads.keyValue()},
                heads.dim());
    return norm == null
        ? parts
        : new Tensor[] {
          norm.query().forward(ops, parts[0]), norm.key().forward(ops, parts[1]), parts[2]
        };
  }

  private Tensor[] normalisedBeforeSplit(Ops ops, Tensor projected) {
    Tensor[] wide =
        ops.splitColumns(
            projected, heads.queryWidth(), heads.keyValueWidth(), heads.keyValueWidth());
    Tensor q = norm.query().forward(ops, wide[0]);
    Tensor k = norm.key().forward(ops, wide[1]);
    return new Tensor[] {
      ops.splitHeads(q, new long[] {heads.query()}, heads.dim())[0],
      ops.splitHeads(k, new long[] {heads.keyValue()}, heads.dim())[0],
      ops.splitHeads(wide[2], new long[] {heads.keyValue()}, heads.dim())[0]
    };
  }

  List<LinearSlot> linears() {
    return List.of(qkv, output);
  }

  /** Parameters besides those of the projections. */
  List<Parameter> normParameters() {
    return norm == null
        ? List.of()
        : Stream.of(norm.query(), norm.key()).flatMap(one -> one.parameters().stream()).toList();
  }
}

package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.norm.QueryKeyNorm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.JoinedHeads;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import io.adapt4j.core.internal.tensor.op.SinkOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;

/**
 * Queries, keys and values of a batch. They stay in one tensor, as projected, as long as operators
 * support it: a single call is faster than one for each part.
 */
sealed interface QueriesKeysValues {

  /** Wraps a joined projection. */
  static QueriesKeysValues of(Ops ops, Tensor projected, Heads heads) {
    return new Joined(ops, projected, heads);
  }

  /** Splits the three into tensors of their own. */
  QueriesKeysValues separate();

  /** Rotates queries and keys by their positions (Su et al. 2021). */
  QueriesKeysValues rotated(RotaryTable table);

  /** Rotates queries and keys, each with its own table. */
  QueriesKeysValues rotated(RotaryTable ofQueries, RotaryTable ofKeys);

  /** Normalizes queries and keys, per head or over their full width. */
  QueriesKeysValues normalized(QueryKeyNorm norm);

  /** Adds attention sinks. */
  default QueriesKeysValues withSinks(Parameter sinks) {
    throw new IllegalStateException("sinks need queries, keys and values in tensors of their own");
  }

  /** Attends, and returns the concatenated heads [B, T, heads * width]. */
  Tensor attend(Positions positions, AttentionRule rule, int layer);

  /**
   * All three in one tensor. Shape of {@code projected}: [B, T, (query + 2 key-value) heads *
   * width].
   */
  record Joined(Ops ops, Tensor projected, Heads heads) implements QueriesKeysValues {

    @Override
    public Apart separate() {
      return Apart.of(ops, projected, heads);
    }

    @Override
    public QueriesKeysValues rotated(RotaryTable table) {
      return heads.interleaved() || heads.pairs()
          ? separate().rotated(table)
          : new Rotated(this, table);
    }

    @Override
    public QueriesKeysValues rotated(RotaryTable ofQueries, RotaryTable ofKeys) {
      return separate().rotated(ofQueries, ofKeys);
    }

    @Override
    public QueriesKeysValues withSinks(Parameter sinks) {
      return separate().withSinks(sinks);
    }

    @Override
    public Tensor attend(Positions positions, AttentionRule rule, int layer) {
      return separate().attend(positions, rule, layer);
    }

    @Override
    public QueriesKeysValues normalized(QueryKeyNorm norm) {
      return norm.perHead() ? separate().normalized(norm) : normalizedInFull(norm);
    }

    /** Normalizes queries and keys over their full width, before they are split into heads. */
    private Apart normalizedInFull(QueryKeyNorm norm) {
      long width = heads.keyValueWidth();
      Tensor[] wide = ops.splitColumns(projected, heads.queryWidth(), width, width);
      Tensor q = norm.query().forward(ops, wide[0]);
      Tensor k = norm.key().forward(ops, wide[1]);
      return new Apart(
          ops,
          ops.splitHeads(q, new long[] {heads.query()}, heads.dim())[0],
          ops.splitHeads(k, new long[] {heads.keyValue()}, heads.dim())[0],
          ops.splitHeads(wide[2], new long[] {heads.keyValue()}, heads.dim())[0],
          heads.pairs());
    }

    private static Tensor[] split(Ops ops, Tensor projected, Heads heads) {
      return ops.splitHeads(
          projected, new long[] {heads.query(), heads.keyValue(), heads.keyValue()}, heads.dim());
    }
  }

  /** All three in one tensor; the attention operator rotates queries and keys. */
  record Rotated(Joined joined, RotaryTable table) implements QueriesKeysValues {

    @Override
    public QueriesKeysValues rotated(RotaryTable other) {
      throw new IllegalStateException("queries and keys are rotated once");
    }

    @Override
    public QueriesKeysValues rotated(RotaryTable ofQueries, RotaryTable ofKeys) {
      return rotated(ofKeys);
    }

    @Override
    public Tensor attend(Positions positions, AttentionRule rule, int layer) {
      if (positions.cache() == null) {
        return rotatesInAttention(positions, rule)
            ? joined.ops.rotatedAttention(joined.projected, joinedHeads(), table, rule)
            : separate().attend(positions, rule, layer);
      }
      return positions
          .cache()
          .attend(
              layer, joined.projected, joined.heads, table, positions.mask(rule.window()), rule);
    }

    @Override
    public QueriesKeysValues normalized(QueryKeyNorm norm) {
      return separate().normalized(norm);
    }

    private boolean rotatesInAttention(Positions positions, AttentionRule rule) {
      return positions.documents() == null
          && positions.mask(rule.window()) == null
          && joined.ops.rotatesInAttention(joined.projected, joinedHeads(), table);
    }

    private JoinedHeads joinedHeads() {
      Heads heads = joined.heads;
      return new JoinedHeads(heads.query(), heads.keyValue(), heads.dim());
    }

    /** Splits the tensor. Queries and keys are adjacent, so one product rotates both. */
    @Override
    public Apart separate() {
      Ops ops = joined.ops;
      Heads heads = joined.heads;
      long[] split = {heads.query() + heads.keyValue(), heads.keyValue()};
      Tensor[] parts = ops.splitHeads(joined.projected, split, heads.dim());
      Tensor[] both = ops.splitAlongHeads(ops.rotary(parts[0], table), heads.query());
      return new Apart(ops, both[0], both[1], parts[1], false);
    }
  }

  /**
   * Each in a separate tensor.
   *
   * @param q [B, query heads, T, width]
   * @param k [B, key-value heads, T, width]
   * @param v [B, key-value heads, T, width]
   */
  record Apart(Ops ops, Tensor q, Tensor k, Tensor v, boolean pairs) implements QueriesKeysValues {

    static Apart of(Ops ops, Tensor projected, Heads heads) {
      Tensor[] parts =
          heads.interleaved()
              ? ops.splitInterleavedHeads(projected, heads.dim(), heads.query() / heads.keyValue())
              : Joined.split(ops, projected, heads);
      return new Apart(ops, parts[0], parts[1], parts[2], heads.pairs());
    }

    @Override
    public Apart separate() {
      return this;
    }

    @Override
    public Apart rotated(RotaryTable table) {
      return rotated(table, table);
    }

    @Override
    public Apart rotated(RotaryTable ofQueries, RotaryTable ofKeys) {
      return pairs
          ? new Apart(ops, ops.rotaryPairs(q, ofQueries), ops.rotaryPairs(k, ofKeys), v, true)
          : new Apart(ops, ops.rotary(q, ofQueries), ops.rotary(k, ofKeys), v, false);
    }

    @Override
    public QueriesKeysValues normalized(QueryKeyNorm norm) {
      return new Apart(ops, norm.query().forward(ops, q), norm.key().forward(ops, k), v, pairs);
    }

    @Override
    public QueriesKeysValues withSinks(Parameter sinks) {
      return new WithSinks(this, sinks);
    }

    @Override
    public Tensor attend(Positions positions, AttentionRule rule, int layer) {
      if (positions.documents() != null) {
        return ops.packedAttention(q, k, v, positions.documents(), rule);
      }
      Tensor mask = positions.mask(rule.window());
      return positions.cache() == null
          ? ops.attention(q, k, v, mask, rule)
          : positions.cache().attend(layer, q, k, v, mask, rule);
    }
  }

  /** Each in a separate tensor, with attention sinks. */
  record WithSinks(Apart apart, Parameter sinks) implements QueriesKeysValues {

    @Override
    public WithSinks separate() {
      return this;
    }

    @Override
    public QueriesKeysValues rotated(RotaryTable table) {
      return apart.rotated(table).withSinks(sinks);
    }

    @Override
    public QueriesKeysValues rotated(RotaryTable ofQueries, RotaryTable ofKeys) {
      return apart.rotated(ofQueries, ofKeys).withSinks(sinks);
    }

    @Override
    public QueriesKeysValues normalized(QueryKeyNorm norm) {
      return apart.normalized(norm).withSinks(sinks);
    }

    @Override
    public Tensor attend(Positions positions, AttentionRule rule, int layer) {
      Ops ops = apart.ops();
      if (positions.documents() != null) {
        return SinkOps.packed(
            ops, apart.q(), apart.k(), apart.v(), sinks, positions.documents(), rule);
      }
      Tensor mask = positions.mask(rule.window());
      return positions.cache() == null
          ? SinkOps.attention(ops, apart.q(), apart.k(), apart.v(), sinks, mask, rule)
          : positions.cache().attend(layer, apart.q(), apart.k(), apart.v(), sinks, mask, rule);
    }
  }
}

package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.CacheShape;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.QueryKeyNorm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Grouped-query self-attention (Vaswani et al. 2017; Ainslie et al. 2023).
 *
 * @param norm norms of queries and keys, or null
 * @param sinks an additional score per head, of a key without a value; or null
 * @param limit clip limit for query, key and value projections ({@code clip_qkv}); 0 disables
 *     clipping
 */
public record Attention(
    LinearSlot qkv,
    LinearSlot output,
    Heads heads,
    QueryKeyNorm norm,
    int rotary,
    int queryRotary,
    AttentionRule rule,
    @Nullable Parameter sinks,
    double limit)
    implements Mixer {

  public static final int NO_ROTARY = -1;

  /** Rejects ALiBi together with rotary positions or sinks. */
  public Attention {
    if (rule.alibi() > 0 && (rotary != NO_ROTARY || sinks != null)) {
      throw new IllegalArgumentException("scores with a bias by distance, and rotary or sinks");
    }
  }

  /** Creates attention without sinks and clipping. */
  public Attention(
      LinearSlot qkv,
      LinearSlot output,
      Heads heads,
      QueryKeyNorm norm,
      int rotary,
      AttentionRule rule) {
    this(qkv, output, heads, norm, rotary, rotary, rule, null, 0);
  }

  /** Returns this attention with sinks. */
  public Attention withSinks(Parameter scores) {
    return new Attention(qkv, output, heads, norm, rotary, queryRotary, rule, scores, limit);
  }

  /** Returns this attention with a different rotary table for queries. */
  public Attention withQueryRotary(int table) {
    return new Attention(qkv, output, heads, norm, rotary, table, rule, sinks, limit);
  }

  /** Returns this attention with its projections clipped to a limit; 0 for none. */
  public Attention limitedTo(double most) {
    return new Attention(qkv, output, heads, norm, rotary, queryRotary, rule, sinks, most);
  }

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int layer) {
    return output.forward(ops, mixed(ops, qkv.forward(ops, x), positions, layer));
  }

  /** Computes the concatenated heads, softmax(scale q k^T) v, from the joined projection. */
  Tensor mixed(Ops ops, Tensor projected, Positions positions, int layer) {
    QueriesKeysValues joined = QueriesKeysValues.of(ops, clipped(ops, projected), heads);
    QueriesKeysValues parts = sinks == null ? joined : joined.withSinks(sinks);
    return placed(parts, positions).attend(positions, rule, layer);
  }

  private Tensor clipped(Ops ops, Tensor projected) {
    return limit == 0 ? projected : ops.clamped(projected, limit);
  }

  /** Normalizes and rotates queries and keys, in the order of the model. */
  private QueriesKeysValues placed(QueriesKeysValues made, Positions positions) {
    if (norm == null) {
      return rotated(made, positions);
    }
    return norm.afterRotary()
        ? rotated(made.separate(), positions).normalized(norm)
        : rotated(made.normalized(norm), positions);
  }

  private QueriesKeysValues rotated(QueriesKeysValues made, Positions positions) {
    if (rotary == NO_ROTARY) {
      return made;
    }
    return rotary == queryRotary
        ? made.rotated(positions.rotary(rotary))
        : made.rotated(positions.rotary(queryRotary), positions.rotary(rotary));
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of(qkv, output);
  }

  @Override
  public List<Parameter> ownParameters() {
    Stream<Parameter> norms =
        norm == null
            ? Stream.of()
            : Stream.of(norm.query(), norm.key()).flatMap(each -> each.parameters().stream());
    return Stream.concat(norms, Stream.ofNullable(sinks)).toList();
  }

  @Override
  public CacheShape cache() {
    return CacheShape.of(heads);
  }

  @Override
  public Set<Long> windows() {
    return Set.of(rule.window());
  }

  @Override
  public Object kind() {
    return List.of(heads, rotary, queryRotary, rule, limit);
  }
}

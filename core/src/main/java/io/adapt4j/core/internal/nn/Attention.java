package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.AttentionRule;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.Set;
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
    AttentionRule rule)
    implements Mixer {

  public static final int NO_ROTARY = -1;

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int layer) {
    return output.forward(ops, mixed(ops, qkv.forward(ops, x), positions, layer));
  }

  /** The joined heads, from the joined projection. */
  Tensor mixed(Ops ops, Tensor projected, Positions positions, int layer) {
    return placed(ops, projected, positions).attend(positions, rule, layer);
  }

  private QueriesKeysValues placed(Ops ops, Tensor projected, Positions positions) {
    if (norm != null && norm.afterRotary()) {
      return rotated(QueriesKeysValues.Apart.of(ops, projected, heads), positions).normalized(norm);
    }
    return rotated(
        norm == null
            ? QueriesKeysValues.of(ops, projected, heads)
            : QueriesKeysValues.normalized(ops, projected, heads, norm),
        positions);
  }

  private QueriesKeysValues rotated(QueriesKeysValues made, Positions positions) {
    return rotary == NO_ROTARY ? made : made.rotated(positions.rotary(rotary));
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of(qkv, output);
  }

  @Override
  public List<Parameter> ownParameters() {
    return norm == null
        ? List.of()
        : Stream.of(norm.query(), norm.key())
            .flatMap(other -> other.parameters().stream())
            .toList();
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
    return List.of(heads, rotary, rule);
  }
}

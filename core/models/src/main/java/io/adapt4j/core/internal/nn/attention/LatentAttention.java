package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.CacheShape;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.LatentOps;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Multi-head latent attention (DeepSeek-AI 2024, section 2.1): keys and values are projections of a
 * narrow vector; a part of each key, common to all heads, is rotated. The cache holds the projected
 * keys and values.
 *
 * @param queryDown projection before that of queries, or null
 */
public record LatentAttention(
    @Nullable LinearSlot queryDown,
    Norm queryNorm,
    LinearSlot query,
    LinearSlot down,
    Norm downNorm,
    LinearSlot up,
    LinearSlot output,
    Widths widths,
    int rotary,
    AttentionRule rule)
    implements Mixer {

  /**
   * Widths of heads.
   *
   * @param pairs whether adjacent columns are rotated together
   */
  public record Widths(int heads, int rank, int plain, int rotated, int value, boolean pairs) {

    /** Returns the width of a query or key. */
    public int key() {
      return plain + rotated;
    }
  }

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int layer) {
    Tensor read = queryDown == null ? x : queryNorm.forward(ops, queryDown.forward(ops, x));
    Tensor[] narrow = ops.splitColumns(down.forward(ops, x), widths.rank(), widths.rotated());
    Tensor wide = up.forward(ops, downNorm.forward(ops, narrow[0]));
    int heads = widths.heads();
    Tensor[] parts =
        LatentOps.heads(
            ops, query.forward(ops, read), wide, narrow[1], heads, widths.plain(), widths.value());
    Tensor mixed =
        new QueriesKeysValues.Apart(ops, parts[0], parts[1], parts[2], widths.pairs())
            .rotated(positions.rotary(rotary))
            .attend(positions, rule, layer);
    return output.forward(ops, LatentOps.columns(ops, mixed, heads, widths.value()));
  }

  @Override
  public List<LinearSlot> linears() {
    return Stream.concat(Stream.ofNullable(queryDown), Stream.of(query, down, up, output)).toList();
  }

  @Override
  public List<Parameter> ownParameters() {
    return Stream.of(queryNorm, downNorm).flatMap(norm -> norm.parameters().stream()).toList();
  }

  @Override
  public CacheShape cache() {
    return CacheShape.of(Heads.grouped(widths.heads(), widths.heads(), widths.key()));
  }

  @Override
  public Set<Long> windows() {
    return Set.of(rule.window());
  }

  @Override
  public Object kind() {
    return List.of("latent", queryDown == null, widths, rotary, rule);
  }
}

package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.CacheShape;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.cache.LayerCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.LatentOps;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RotaryTable;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Multi-head latent attention (DeepSeek-AI 2024, section 2.1): keys and values are projections of a
 * narrow vector; a part of each key, common to all heads, is rotated. The cache holds this vector
 * and the rotated part; keys and values of all heads where their projection is stored in 4 bits or
 * adapted.
 *
 * @param queryDown projection before that of queries, or null
 * @param choice choice of the tokens that each one reads, or null if it reads all
 * @param latentScale factor of the narrow vector after its norm; 1 for most models
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
    AttentionRule rule,
    double latentScale,
    @Nullable TokenChoice choice)
    implements Mixer {

  /** Creates the attention. The projection of latent vectors stays unquantized, if possible. */
  public LatentAttention {
    up.readDirectly();
  }

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
    Tensor latent = scaled(ops, downNorm.forward(ops, narrow[0]));
    Tensor q = query.forward(ops, read);
    LayerCache cache = positions.cache();
    RotaryTable table = positions.rotary(rotary);
    TokenChoice.Inputs inputs = new TokenChoice.Inputs(x, read, table);
    if (choice != null && (positions.documents() != null || (cache != null && !isAbsorbed()))) {
      choice.requireAllChosen(positions, x.size(1));
    }
    if (cache == null || !isAbsorbed()) {
      QueriesKeysValues.Apart heads = heads(ops, q, latent, narrow[1], positions);
      Tensor mixed =
          cache == null && chooses(x.size(1))
              ? attend(ops, heads, ops.saveForBackward(mask(inputs, positions, layer)))
              : heads.attend(positions, rule, layer);
      return output.forward(ops, values(ops, mixed));
    }
    Tensor key = turned(ops, LatentOps.key(narrow[1], latent), table);
    Tensor mask = positions.mask(rule.window());
    if (choice != null) {
      key = choice.withKeys(inputs, key);
    }
    if (cache.isEmpty() && x.size(1) > 1) {
      cache.append(layer, key, key);
      QueriesKeysValues.Apart heads = heads(ops, q, latent, narrow[1], positions);
      Tensor seen = chooses(x.size(1)) ? mask(inputs, positions, layer) : mask;
      return output.forward(ops, values(ops, attend(ops, heads, seen)));
    }
    Tensor weight = dense().weight().value();
    Tensor absorbed =
        turned(ops, LatentOps.absorbed(q, weight, widths.heads(), widths.plain()), table);
    Tensor wide = choice == null ? absorbed : choice.widened(absorbed);
    Tensor mixed =
        chooses(cache.longest(x.size(1)))
            ? cache.attend(layer, wide, key, choice.selection(inputs, positions, layer), mask, rule)
            : cache.attend(layer, wide, key, key, mask, rule);
    return output.forward(
        ops, LatentOps.restored(mixed, weight, widths.heads(), widths.plain()).typedAs(x));
  }

  /** Returns whether texts of a length are not read whole. */
  private boolean chooses(long length) {
    return choice != null && length > choice.chosen();
  }

  private Tensor mask(TokenChoice.Inputs inputs, Positions positions, int layer) {
    return choice.mask(inputs, positions.mask(rule.window()), positions, layer);
  }

  private Tensor attend(Ops ops, QueriesKeysValues.Apart heads, @Nullable Tensor mask) {
    return ops.attention(heads.q(), heads.k(), heads.v(), mask, rule);
  }

  private Tensor scaled(Ops ops, Tensor latent) {
    return latentScale == 1 ? latent : ops.scaled(latent, latentScale);
  }

  /** Projects keys and values of all heads. */
  private QueriesKeysValues.Apart heads(
      Ops ops, Tensor q, Tensor latent, Tensor rotated, Positions positions) {
    Tensor wide = up.forward(ops, latent);
    Tensor[] parts =
        LatentOps.heads(ops, q, wide, rotated, widths.heads(), widths.plain(), widths.value());
    return new QueriesKeysValues.Apart(ops, parts[0], parts[1], parts[2], widths.pairs())
        .rotated(positions.rotary(rotary));
  }

  private Tensor values(Ops ops, Tensor mixed) {
    return LatentOps.columns(ops, mixed, widths.heads(), widths.value());
  }

  private Tensor turned(Ops ops, Tensor x, RotaryTable table) {
    return widths.pairs() ? ops.rotaryPairs(x, table) : ops.rotary(x, table);
  }

  /**
   * Returns whether queries take up the projection of keys, and outputs that of values, so that the
   * cache holds latent vectors (section 2.1.2). The projection's weight must be at hand for it.
   */
  private boolean isAbsorbed() {
    return up.linear() instanceof DenseLinear;
  }

  private DenseLinear dense() {
    return (DenseLinear) up.linear();
  }

  @Override
  public List<LinearSlot> linears() {
    return Stream.concat(Stream.ofNullable(queryDown), Stream.of(query, down, up, output)).toList();
  }

  @Override
  public List<LinearSlot> choosingLinears() {
    return choice == null ? List.of() : choice.linears();
  }

  @Override
  public List<Parameter> ownParameters() {
    return Stream.concat(
            Stream.of(queryNorm, downNorm).flatMap(norm -> norm.parameters().stream()),
            choice == null ? Stream.of() : choice.parameters().stream())
        .toList();
  }

  @Override
  public CacheShape cache() {
    return isAbsorbed()
        ? CacheShape.ofLatent(
            (long) widths.rotated() + widths.rank() + (choice == null ? 0 : choice.dim()))
        : CacheShape.of(Heads.grouped(widths.heads(), widths.heads(), widths.key()));
  }

  @Override
  public Set<Long> windows() {
    return Set.of(rule.window());
  }

  @Override
  public Object kind() {
    return List.of(
        "latent",
        queryDown == null,
        widths,
        rotary,
        rule,
        latentScale,
        choice == null ? "all" : choice.kind());
  }
}

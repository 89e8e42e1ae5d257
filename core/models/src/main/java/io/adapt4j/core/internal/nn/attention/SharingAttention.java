package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.CacheShape;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Attention that shares its keys and values with later layers or uses those of an earlier one
 * (Brandon et al. 2024). Another layer's keys and values are recomputed from its input, which is a
 * small product, and are cached only once.
 */
public record SharingAttention(
    LinearSlot query,
    KeyValues keyValues,
    boolean owns,
    LinearSlot output,
    Norm queryNorm,
    int rotary,
    AttentionRule rule)
    implements Mixer {

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int layer) {
    Heads heads = keyValues.heads();
    Tensor q = ops.splitHeads(query.forward(ops, x), new long[] {heads.query()}, heads.dim())[0];
    Tensor read = owns ? x : keyValues.input().of(ops, positions.inputOf(keyValues.layer()));
    Tensor[] made = keyValues.of(ops, read);
    Tensor mixed =
        new QueriesKeysValues.Apart(ops, queryNorm.forward(ops, q), made[0], made[1], false)
            .rotated(positions.rotary(rotary))
            .attend(positions, rule, keyValues.layer());
    return output.forward(ops, mixed);
  }

  @Override
  public OptionalInt source() {
    return owns ? OptionalInt.empty() : OptionalInt.of(keyValues.layer());
  }

  @Override
  public List<LinearSlot> linears() {
    return owns ? List.of(query, keyValues.projection(), output) : List.of(query, output);
  }

  @Override
  public List<Parameter> ownParameters() {
    List<Parameter> own = new ArrayList<>(queryNorm.parameters());
    if (owns) {
      own.addAll(keyValues.normParameters());
    }
    return own;
  }

  @Override
  public CacheShape cache() {
    return owns ? CacheShape.of(keyValues.heads()) : CacheShape.ofStates(List.of());
  }

  @Override
  public Set<Long> windows() {
    return Set.of(rule.window());
  }

  @Override
  public Object kind() {
    return List.of("sharing", owns, keyValues.areOne(), keyValues.heads(), rotary, rule);
  }
}

package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.CacheShape;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RecurrentOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Attention whose concatenated heads are multiplied by the sigmoid of a gate (Qiu et al. 2025).
 *
 * @param gate projection of the gate; null if the query projection returns each head's query
 *     followed by its gate
 */
public record GatedAttention(Attention attention, @Nullable LinearSlot gate) implements Mixer {

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int layer) {
    Heads heads = attention.heads();
    Tensor projected = attention.qkv().forward(ops, x);
    if (gate != null) {
      Tensor gates = gate.forward(ops, x);
      Tensor mixed = attention.mixed(ops, projected, positions, layer);
      return attention.output().forward(ops, RecurrentOps.gated(ops, mixed, gates));
    }
    Tensor[] parts = RecurrentOps.splitGates(ops, projected, heads.query(), heads.dim());
    Tensor mixed = attention.mixed(ops, parts[0], positions, layer);
    return attention.output().forward(ops, RecurrentOps.gated(ops, mixed, parts[1]));
  }

  @Override
  public List<LinearSlot> linears() {
    return gate == null ? attention.linears() : List.of(attention.qkv(), gate, attention.output());
  }

  @Override
  public List<Parameter> ownParameters() {
    return attention.ownParameters();
  }

  @Override
  public CacheShape cache() {
    return attention.cache();
  }

  @Override
  public Set<Long> windows() {
    return attention.windows();
  }

  @Override
  public Object kind() {
    return List.of(gate == null ? "gated" : "gated apart", attention.kind());
  }
}

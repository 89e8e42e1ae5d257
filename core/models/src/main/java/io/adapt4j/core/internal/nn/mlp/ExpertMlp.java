package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Mixture of experts (Shazeer et al. 2017): a router sends each position to a few of several MLPs
 * and sums their weighted outputs.
 */
public record ExpertMlp(Router router, List<? extends Mlp> experts, @Nullable Shared shared)
    implements Mlp {

  /**
   * A shared expert, applied to all positions.
   *
   * @param gate computes one number per position, whose sigmoid multiplies the output; or null
   */
  public record Shared(Mlp mlp, @Nullable LinearSlot gate) {}

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    return forward(ops, x, router.route(ops, x));
  }

  /** Applies the experts to positions that are already routed. */
  Tensor forward(Ops ops, Tensor x, ExpertOps.Routed routed) {
    List<Tensor> parts = new ArrayList<>(routed.shares().size());
    Tensor[] rows = ExpertOps.spread(ops, x, routed);
    for (ExpertOps.Share share : routed.shares()) {
      parts.add(experts.get(share.expert()).forward(ops, rows[parts.size()], true));
    }
    Tensor joined = ExpertOps.combine(ops, parts, routed, x);
    if (shared == null) {
      return joined;
    }
    Tensor common = shared.mlp().forward(ops, x, true);
    return ops.add(
        joined,
        shared.gate() == null
            ? common
            : ExpertOps.sigmoidGated(ops, common, shared.gate().forward(ops, x)));
  }

  @Override
  public List<LinearSlot> linears() {
    List<LinearSlot> slots = new ArrayList<>(List.of(router.linear()));
    experts.forEach(expert -> slots.addAll(expert.linears()));
    if (shared != null) {
      slots.addAll(shared.mlp().linears());
      if (shared.gate() != null) {
        slots.add(shared.gate());
      }
    }
    return slots;
  }

  @Override
  public List<Parameter> otherParameters() {
    return router.correction() == null ? List.of() : List.of(router.correction());
  }
}

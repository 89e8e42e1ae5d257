package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.ExpertOps;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A mixture of experts (Shazeer et al. 2017): a router sends each position to a few of several
 * MLPs, whose outputs are added with its weights.
 *
 * @param router scores of the experts
 * @param experts MLPs of the same width
 * @param chosen how many of them a position goes to
 * @param normalized whether their weights add up to 1
 * @param shared an MLP for all positions, or null
 */
public record ExpertMlp(
    LinearSlot router,
    List<GatedMlp> experts,
    int chosen,
    boolean normalized,
    @Nullable Shared shared)
    implements Mlp {

  /**
   * An expert of all positions, behind a gate of its own.
   *
   * @param mlp the expert
   * @param gate gives one number a position, whose sigmoid multiplies its output
   */
  public record Shared(GatedMlp mlp, LinearSlot gate) {}

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    ExpertOps.Routed routed = ExpertOps.route(ops, router.forward(ops, x), chosen, normalized);
    List<Tensor> parts = new ArrayList<>(routed.shares().size());
    for (ExpertOps.Share share : routed.shares()) {
      Tensor rows = ops.gatherRows(x, share.rows());
      Tensor worked = experts.get(share.expert()).forward(ops, rows, true);
      parts.add(ExpertOps.weigh(ops, worked, routed.weights(), share));
    }
    Tensor joined = ExpertOps.join(ops, parts, routed.shares(), x);
    if (shared == null) {
      return joined;
    }
    Tensor common = shared.mlp().forward(ops, x, true);
    return ops.add(joined, ExpertOps.sigmoidGated(ops, common, shared.gate().forward(ops, x)));
  }

  @Override
  public List<LinearSlot> linears() {
    List<LinearSlot> slots = new ArrayList<>(List.of(router));
    experts.forEach(expert -> slots.addAll(expert.linears()));
    if (shared != null) {
      slots.addAll(shared.mlp().linears());
      slots.add(shared.gate());
    }
    return slots;
  }
}

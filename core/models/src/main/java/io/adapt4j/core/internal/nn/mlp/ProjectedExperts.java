package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * Mixture of experts between two projections to a narrower width and back. The router and a shared
 * MLP read the full width (Nemotron 3, NVIDIA 2025).
 */
public record ProjectedExperts(ExpertMlp experts, LinearSlot in, LinearSlot out, Mlp shared)
    implements Mlp {

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    ExpertOps.Routed routed = router().route(ops, x);
    Tensor chosen = experts.forward(ops, in.forward(ops, x), routed);
    return ops.add(out.forward(ops, chosen), shared.forward(ops, x, true));
  }

  @Override
  public Router router() {
    return experts.router();
  }

  @Override
  public List<LinearSlot> linears() {
    List<LinearSlot> slots = new ArrayList<>(experts.linears());
    slots.add(in);
    slots.add(out);
    slots.addAll(shared.linears());
    return slots;
  }

  @Override
  public List<Parameter> otherParameters() {
    return experts.otherParameters();
  }
}

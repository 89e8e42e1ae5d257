package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A dense MLP and a mixture of experts in parallel, each between its own norms, whose outputs are
 * added. The router reads the same input through its own norm (Gemma 4).
 *
 * @param expertScale multiplies the weights of the experts, [experts]
 */
public record JoinedMlp(
    Mlp dense,
    Norms ofDense,
    ExpertMlp experts,
    Norms ofExperts,
    Norm routerNorm,
    Parameter expertScale)
    implements Mlp {

  /** Norms before and after a branch. */
  public record Norms(Norm before, Norm after) {}

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    Tensor common = dense.forward(ops, ofDense.before().forward(ops, x), true);
    Tensor read = ops.scaled(routerNorm.forward(ops, x), 1 / Math.sqrt((double) x.size(-1)));
    ExpertOps.Routed routed = ExpertOps.scaled(ops, router().route(ops, read), expertScale);
    Tensor chosen = experts.forward(ops, ofExperts.before().forward(ops, x), routed);
    return ops.add(ofDense.after().forward(ops, common), ofExperts.after().forward(ops, chosen));
  }

  @Override
  public Router router() {
    return experts.router();
  }

  @Override
  public List<LinearSlot> linears() {
    List<LinearSlot> slots = new ArrayList<>(dense.linears());
    slots.addAll(experts.linears());
    return slots;
  }

  @Override
  public List<Parameter> otherParameters() {
    List<Parameter> others = new ArrayList<>(dense.otherParameters());
    others.addAll(experts.otherParameters());
    Stream.of(ofDense.before(), ofDense.after(), ofExperts.before(), ofExperts.after(), routerNorm)
        .forEach(norm -> others.addAll(norm.parameters()));
    others.add(expertScale);
    return others;
  }
}

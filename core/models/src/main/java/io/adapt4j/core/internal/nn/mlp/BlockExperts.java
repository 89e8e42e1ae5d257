package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * Mixture of experts with the experts' matrices stacked in two, as in MegaBlocks (Gale et al.
 * 2022). The experts have no gate and share one bias. They can be trained in full; adapters apply
 * only to the router.
 *
 * @param up of all experts to the inner width, [experts width, hidden]
 * @param down of all experts back, transposed, [experts width, hidden]
 * @param bias added to the sum of the experts' outputs, [hidden]
 */
public record BlockExperts(
    Router router, Parameter up, Parameter down, Parameter bias, Activation activation, long width)
    implements Mlp {

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    ExpertOps.Routed routed = router.route(ops, x);
    List<Tensor> parts = new ArrayList<>(routed.shares().size());
    Tensor[] rows = ExpertOps.spread(ops, x, routed);
    for (ExpertOps.Share share : routed.shares()) {
      long first = share.expert() * width;
      Tensor read = rows[parts.size()];
      Tensor raised = ExpertOps.linear(ops, read, new ExpertOps.Block(up, first, width, true));
      Tensor inner = ops.dropInner(ops.activationOf(raised, activation));
      parts.add(ExpertOps.linear(ops, inner, new ExpertOps.Block(down, first, width, false)));
    }
    return ExpertOps.plus(ops, ExpertOps.combine(ops, parts, routed, x), bias);
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of(router.linear());
  }

  @Override
  public List<Parameter> otherParameters() {
    return List.of(up, down, bias);
  }
}

package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Router of a mixture of experts: sends each position to a few of the experts.
 *
 * @param correction bias for choosing the experts, not applied to their weights; or null
 */
public record Router(
    LinearSlot linear, @Nullable Parameter correction, ExpertOps.Rule rule, RouterBalance balance) {

  ExpertOps.Routed route(Ops ops, Tensor x) {
    Tensor scores = linear.forward(ops, x);
    ExpertOps.ScoreGradient more = balance.observe(ops, scores);
    ExpertOps.Routed routed = ExpertOps.route(ops, scores, correction, rule, more);
    balance.routed(routed.chosen());
    return routed;
  }
}

package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;

/**
 * Gated feed-forward layer with clamped inner activations: down((up(x) + 1) gate(x) sigmoid(alpha
 * gate(x))) (OpenAI 2025, gpt-oss).
 *
 * @param halves whether gate and up are the halves of a row, otherwise interleaved
 */
public record ClampedMlp(
    LinearSlot gateUp, LinearSlot down, double alpha, double limit, boolean halves) implements Mlp {

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    Tensor inner = ExpertOps.clampedGated(ops, gateUp.forward(ops, x), alpha, limit, halves);
    return down.forward(ops, inner, computed);
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of(gateUp, down);
  }
}

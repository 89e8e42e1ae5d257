package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/**
 * Feed-forward layer without a gate and with a learned activation: down(xielu(up(x))) (Huang and
 * Schlag 2024).
 */
public record XieluMlp(LinearSlot up, LinearSlot down, Parameter above, Parameter below)
    implements Mlp {

  /** Factor of the activation's linear term. */
  public static final double BETA = 0.5;

  /** Upper bound of values in the exponential. */
  public static final double EPS = -1e-6;

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    Tensor inner = ops.xielu(up.forward(ops, x), above, below);
    return down.forward(ops, ops.dropInner(inner), computed);
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of(up, down);
  }

  @Override
  public List<Parameter> otherParameters() {
    return List.of(above, below);
  }
}

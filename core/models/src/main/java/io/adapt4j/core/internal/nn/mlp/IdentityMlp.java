package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;

/** Expert that returns its input (LongCat-Flash, Meituan 2025). */
public record IdentityMlp() implements Mlp {

  @Override
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    return x;
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of();
  }
}

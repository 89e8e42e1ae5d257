package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The part of a layer that works on each position alone. */
public sealed interface Mlp
    permits BlockExperts,
        ClampedMlp,
        ExpertMlp,
        GatedMlp,
        JoinedMlp,
        PlainMlp,
        ScaledMlp,
        SparseGatedMlp,
        UpGateMlp,
        XieluMlp {

  default Tensor forward(Ops ops, Tensor x) {
    return forward(ops, x, true);
  }

  /**
   * Applies it.
   *
   * @param x [.., hidden]
   */
  Tensor forward(Ops ops, Tensor x, boolean computed);

  List<LinearSlot> linears();

  /** {@return parameters besides those of the linear layers} */
  default List<Parameter> otherParameters() {
    return List.of();
  }

  /** {@return what sends positions to experts; null where there are none} */
  default @Nullable Router router() {
    return null;
  }
}

package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The part of a layer that processes each position separately. */
public sealed interface Mlp
    permits BlockExperts,
        ClampedMlp,
        ExpertMlp,
        GatedMlp,
        IdentityMlp,
        JoinedMlp,
        NoMlp,
        PlainMlp,
        ProjectedExperts,
        ScaledMlp,
        SparseGatedMlp,
        UpGateMlp,
        XieluMlp {

  default Tensor forward(Ops ops, Tensor x) {
    return tiled(ops, x, true);
  }

  /** Applies the MLP, to long sequences in tiles. A router balances all positions together. */
  default Tensor tiled(Ops ops, Tensor x, boolean computed) {
    return router() == null ? ops.tiled(x, computed, this::forward) : forward(ops, x, computed);
  }

  /** Applies the MLP. Shape of {@code x}: [.., hidden]. */
  Tensor forward(Ops ops, Tensor x, boolean computed);

  List<LinearSlot> linears();

  /** {@return the parameters other than those of the linear layers} */
  default List<Parameter> otherParameters() {
    return List.of();
  }

  /** {@return the router that sends positions to experts; null if there are no experts} */
  default @Nullable Router router() {
    return null;
  }
}
